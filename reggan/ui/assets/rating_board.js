// The rating board. Three questions per showing, answered here and sent to the server together.
// `element`, `props` and `server` come from gr.HTML; props.mode is "pair" or "single", and props.words holds, for each
// language but English, what the board says, by its English.

const STORED = "reggan.voter"; // the voter's ticket, in this browser only
const REVEAL_MILLISECONDS = 8000;
const QUESTIONS = {
  pair: ["Which shows “{expression}” better?", "Which keeps the person better?", "Which looks more real?"],
  single: ["How well does it show “{expression}”?", "How well does it keep the person?", "How real does it look?"],
};
const HINTS = {
  pair: ["", "The same person as in the input?", "Less like an edited picture, be it of a photo, a painting or a statue."],
  single: ["1 not at all, 5 very well", "1 another person, 5 the same person", "1 clearly edited, 5 like an original"],
};
const ANSWERS = {
  pair: [["left", "Left", "←"], ["right", "Right", "→"], ["both", "Both", "↑"], ["neither", "Neither", "↓"]],
  single: ["1", "2", "3", "4", "5"].map((n) => [n, "", n]),
};
const ARROWS = { ArrowLeft: 0, ArrowRight: 1, ArrowUp: 2, ArrowDown: 3 };
const TASK = {
  pair: "You see a face, an expression that was asked for, and two results. Three questions about each pair: which shows " +
    "the expression better, which keeps the person better, which looks more real?",
  single: "You see a face, an expression that was asked for, and one result. Three questions about each: how well does " +
    "it show the expression, how well does it keep the person, how real does it look?",
};

const mode = props.mode;
let showing = null, answers = [], seconds = [], since = 0, busy = false, hiding = 0, fallback = "";

const find = (selector) => element.querySelector(selector);
const write = (name, text) => element.querySelectorAll(`[data-text="${name}"]`).forEach((e) => { e.textContent = text; });
const language = () => document.documentElement.lang;

function say(english, blanks = {}) {
  const text = props.words[language()]?.[english] ?? english;
  return text.replace(/\{(\w+)\}/g, (_, name) => blanks[name]);
}

// Private windows may refuse storage: then the ticket lives as long as the page.
function ticket(value) {
  try {
    if (value) localStorage.setItem(STORED, value);
    return localStorage.getItem(STORED) || fallback;
  } catch {
    return (fallback = value || fallback);
  }
}

function show(name) {
  element.querySelectorAll("[data-screen]").forEach((e) => { e.hidden = e.dataset.screen !== name; });
}

function tell(problem) {
  write("problem", problem);
  find(".problem").hidden = !problem;
  find(".problem button").hidden = showing === null;
}

function number(voter) {
  write("number", voter ? say("Your number is {number}.", { number: voter }) : "");
}

// `last` is "left METHOD, right METHOD", or one method's name; `shown`, what it is about, stands small beside it.
function reveal(last, shown) {
  clearTimeout(hiding);
  const [, left, right] = last.match(/^left (.*), right (.*)$/) ?? [];
  write("last", !last ? "" : left ? say("Last pair: left {left}, right {right}", { left: say(left), right: say(right) }) :
    say("Last result: {name}", { name: say(last) }));
  element.querySelectorAll(".last .thumbs").forEach((thumbs) => thumbs.replaceChildren(...(last ? shown : []).map((data) =>
    Object.assign(document.createElement("img"), { src: data, alt: "" }))));
  if (last) hiding = setTimeout(() => reveal("", []), REVEAL_MILLISECONDS);
}

function ask() {
  const step = answers.length;
  write("step", say("Question {n} of 3", { n: step + 1 }));
  write("question", say(QUESTIONS[mode][step], { expression: say(showing.expression) }));
  write("hint", say(HINTS[mode][step]));
  find('[data-do="undo"]').hidden = step === 0;
  since = performance.now();
}

async function showPair(screen) {
  const images = { face: screen.face, left: screen.images[0], right: screen.images[1] };
  const ready = Object.entries(images).filter(([, data]) => data).map(([name, data]) => {
    const image = find(`[data-image="${name}"]`);
    image.src = data;
    return image.decode().catch(() => {});
  });
  await Promise.all(ready);
  showing = screen;
  answers = [];
  seconds = [];
  write("place", say("{position} of {total}", screen));
  find(".gone").style.width = `${(100 * (screen.position - 1)) / screen.total}%`;
  write("expression", say(screen.expression));
  show("showing");
  ask();
  find(".question").focus({ preventScroll: true });
}

function showThanks(screen) {
  showing = null;
  const rated = mode === "pair" ? "You have rated {done} pairs so far." : "You have rated {done} results so far.";
  write("done", say(rated, screen) + (screen.more ? "" : ` ${say("That is every one there is.")}`));
  const agreed = screen.asked === 0 ? "Nobody else has rated these yet, so there is no crowd to agree with." :
    "You agree with the crowd on {share} % of the {asked} questions that others have answered too.";
  write("agreed", say(agreed, { asked: screen.asked, share: Math.round((100 * screen.agreed) / screen.asked) }));
  write("more", say("{n} more", { n: props.per_session }));
  find('[data-text="more"]').hidden = !screen.more;
  show("thanks");
  find(screen.more ? '[data-text="more"]' : '[data-screen="thanks"] h2').focus({ preventScroll: true });
}

// One request at a time; whatever goes wrong, the answers so far stay.
async function request(send) {
  if (busy) return false;
  const here = element.contains(document.activeElement);
  busy = true;
  buttons(true);
  const lost = { kind: "problem", message: say("The server does not answer. Nothing is lost: please try again.") };
  let screen;
  try {
    screen = (await send()) || lost;  // Gradio swallows a failed request
  } catch {
    screen = lost;
  }
  buttons(false); // before the focus is moved to one; `busy` holds them back
  const fine = screen.kind !== "problem";
  if (fine) {
    ticket(screen.ticket);
    number(screen.voter);
    reveal(screen.last, showing?.images ?? []);
    tell("");
    if (screen.kind === "thanks") showThanks(screen);
    else await showPair(screen);
  } else {
    tell(screen.message);
    if (here) keepFocus();
  }
  busy = false;
  return fine;
}

function buttons(off) {
  element.querySelectorAll(".board button").forEach((e) => { e.disabled = off; });
}

function start() {
  return request(() => server.rate({ do: "begin", ticket: ticket(), language: language() }));
}

async function answer(value) {
  if (busy || showing === null || answers.length === 3) return;
  answers.push(value);
  seconds.push((performance.now() - since) / 1000);
  if (answers.length < 3) {
    ask();
    return;
  }
  const vote = { do: "vote", ticket: ticket(), language: language(), token: showing.token, answers, seconds };
  if (!(await request(() => server.rate(vote)))) undo();
}

function undo() {
  if (busy || showing === null || answers.length === 0) return;
  const here = element.contains(document.activeElement);
  answers.pop();
  seconds.pop();
  ask();
  if (here) keepFocus();
}

// Whoever works with the keyboard stays on the board, though the button that had the focus has gone.
function keepFocus() {
  const focused = document.activeElement;
  if (showing !== null && (!element.contains(focused) || focused.hidden)) find(".question").focus({ preventScroll: true });
}

function onKey(event) {
  if (!element.isConnected) {
    document.removeEventListener("keydown", onKey);
    return;
  }
  const target = event.target instanceof Element ? event.target : document.body;
  const elsewhere = target.closest("input, textarea, select, [contenteditable], [role=tab], [role=slider]");
  if (showing === null || element.offsetParent === null || elsewhere || event.repeat) return;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const options = ANSWERS[mode];
  const index = mode === "pair" && event.key in ARROWS ? ARROWS[event.key] : "12345".indexOf(event.key);
  if (event.key === "Backspace") undo();
  else if (event.key.length >= 1 && index >= 0 && index < options.length) answer(options[index][0]);
  else return;
  event.preventDefault();
}

// What stands on the board before a showing comes; again whenever the page's language changes.
function label() {
  for (const text of texts) text.node.data = say(text.english);
  for (const name of names) name.element.setAttribute(name.attribute, say(name.english));
  write("task", say(TASK[mode]));
  number(ticket().split(".")[0]);
  if (mode === "single") write("first", say("Result"));
  element.querySelectorAll("[data-answer]").forEach((button, place) => {
    const [value, words] = ANSWERS[mode][place];
    button.setAttribute("aria-label", words ? say(words) : say("{n} of 5", { n: value }));
    if (words) button.querySelector("span").textContent = say(words);
  });
  if (showing !== null) {
    write("place", say("{position} of {total}", showing));
    write("expression", say(showing.expression));
    ask();
  }
}

element.querySelectorAll('[data-only="pair"]').forEach((e) => { e.hidden = mode !== "pair"; });
for (const part of [".stage", ".answers"]) find(part).classList.toggle("single", mode === "single");
const texts = [], names = [];
const walk = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
while (walk.nextNode()) {
  const english = walk.currentNode.data.replace(/\s+/g, " ").trim();
  if (english && !walk.currentNode.parentElement.closest("style, script, kbd")) texts.push({ node: walk.currentNode, english });
}
element.querySelectorAll("[aria-label], [alt]").forEach((e) => {
  for (const attribute of ["aria-label", "alt"]) {
    if (e.hasAttribute(attribute)) names.push({ element: e, attribute, english: e.getAttribute(attribute) });
  }
});
ANSWERS[mode].forEach(([value, words, key], place) => {
  const button = document.createElement("button");
  button.type = "button";
  button.dataset.answer = value;
  button.innerHTML = words ? `<kbd>${key}</kbd><span></span><kbd>${place + 1}</kbd>` : `<span>${key}</span>`;
  button.setAttribute("aria-keyshortcuts", words ? `${Object.keys(ARROWS)[place]} ${place + 1}` : value);
  find(".answers").append(button);
});
label();
new MutationObserver(label).observe(document.documentElement, { attributeFilter: ["lang"] });
element.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.dataset.answer) answer(button.dataset.answer);
  else if (button.dataset.do === "undo") undo();
  else if (button.dataset.do === "start") start();
});
document.addEventListener("keydown", onKey);
