// Gradio refuses files whose type the browser does not know, such as those without a suffix, in English. Here every file
// counts as a picture: the server looks at its content, and says in the page's language if it is none.
const typeOfFile = Object.getOwnPropertyDescriptor(Blob.prototype, 'type').get;
Object.defineProperty(File.prototype, 'type', {
  get() {
    const type = typeOfFile.call(this);
    return type.startsWith('image/') ? type : 'image/unknown';
  },
});

// What Gradio says in English only is said in the page's language: names for screen readers, and that the queue is full.
// `regganWords` holds, for each language, English to translation.
function words() {
  return window.regganWords[document.documentElement.lang] ?? {};
}

function translateLabel(element) {
  const key = element.getAttribute('aria-label'), known = words();
  const said = key === 'common.upload' ? 'Upload file' : key; // Gradio forgot to translate it
  const prefix = ['number input for ', 'range slider for '].find((start) => said.startsWith(start));
  const better = prefix ? known[prefix] && known[prefix] + said.slice(prefix.length) : known[said];
  if (better ? better !== key : said !== key) element.setAttribute('aria-label', better ?? said);
  if (element.closest('.source-selection')) element.title = better ?? said;
}

function translateTexts(root) {
  const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const better = words()[texts.currentNode.data.trim()];
    if (better) texts.currentNode.data = better;
  }
}

function explainFullQueue(text) {
  const english = 'This application is currently busy';
  if (!text.textContent.startsWith(english)) return;
  text.textContent = words()[english] ?? window.regganWords.en[english];
  text.closest('[data-testid="toast-body"]').querySelector('.toast-title-row')?.remove();
}

// Gradio gives each choice of a group a name of its own: by one name, arrow keys go from choice to choice and Tab leaves
// the group. The group is called what stands above it.
let groups = 0;
function joinChoices(group) {
  const choices = group.querySelectorAll('input[type="radio"]'), title = group.querySelector('[data-testid="block-info"]');
  if (!choices.length) return;
  const name = (group.dataset.group ??= `choices-${++groups}`), words = title?.textContent.trim();
  for (const choice of choices) if (choice.name !== name) choice.name = name;
  if (words && group.getAttribute('aria-label') !== words) {
    group.setAttribute('role', 'radiogroup');
    group.setAttribute('aria-label', words);
  }
}

// What appears here is read aloud.
function announce(id) {
  const region = document.getElementById(id);
  if (region && !region.hasAttribute('aria-live')) region.setAttribute('aria-live', 'polite');
}

function translateAll() {
  document.querySelectorAll('fieldset').forEach(joinChoices);
  ['note', 'words', 'batch_report', 'results_state', 'passed_on'].forEach(announce);
  document.querySelectorAll('[aria-label]').forEach(translateLabel);
  document.querySelectorAll('#upload button').forEach(translateTexts);
  document.querySelectorAll('[data-testid="toast-text"]').forEach(explainFullQueue);
}

new MutationObserver(translateAll).observe(document.documentElement, {
  attributeFilter: ['aria-label', 'lang'],
  childList: true,
  subtree: true,
});

// The bar of expressions, on a phone, shows the one that is chosen.
document.addEventListener('wishes', () => requestAnimationFrame(() => {
  const chosen = document.querySelector('#basic label.selected'), bar = chosen?.parentElement;
  if (!bar || bar.scrollWidth <= bar.clientWidth) return;
  bar.scrollTo({left: chosen.offsetLeft - (bar.clientWidth - chosen.offsetWidth) / 2});
}));

// The result comes into view, if it is not there: after a press on an expression, and where a new picture has come.
function showResult() {
  const frame = document.querySelector('#compare');
  if (!frame?.offsetParent) return; // another tab
  const area = frame.getBoundingClientRect(), room = document.documentElement.clientHeight;
  const covered = document.querySelector('#basic').getBoundingClientRect();
  const bottom = getComputedStyle(document.querySelector('#basic')).position === 'fixed' ? covered.top : room;
  const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
  const way = {behavior: calm ? 'auto' : 'smooth'};
  if (area.top < 0) scrollBy({top: area.top - 8, ...way});
  else if (area.bottom > bottom) scrollBy({top: Math.min(area.top - 8, area.bottom - bottom + 8), ...way});
}
