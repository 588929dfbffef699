// What every face of the picture is to look like, and one step back. `text` is that of reggan/ui/edit/wishes.py:
// {picture, count, on: face or "all", faces: {face: [expression, strength]}}. The functions called from
// reggan/ui/edit/controls.py return the new text, and what the controls show: both groups of chips, strength, sliders.
const steps = []; // texts before the last changes
let nowWished = '', goingBack = false;

function wishOf(wishes) {
  return wishes.faces[wishes.on === 'all' ? 0 : wishes.on];
}

function controlsFor(wishes) {
  const {named, first, natural} = regganExpressions, [name, much] = wishOf(wishes) ?? ['', natural];
  const strengths = named[name] ?? (name ? name.split(',').map(Number) : first.slice(1).map(() => 0));
  const isFirst = first.includes(name), isNamed = name in named;
  return [JSON.stringify(wishes), isFirst ? name : null, isNamed && !isFirst ? name : null, much, ...strengths];
}

// The chosen face, or everybody, gets a wish.
function wish(wishes, name, much) {
  const faces = wishes.on === 'all' ? [...Array(wishes.count).keys()] : [wishes.on];
  for (const face of faces) wishes.faces[face] = [name, much];
  return wishes;
}

// To be neutral is meant altogether; what follows it begins where it looks natural.
function chooseExpression(text, name) {
  if (!text || !name) return controlsFor(JSON.parse(text || '{"faces": {}, "on": 0}'));
  const wishes = JSON.parse(text), {natural} = regganExpressions, [before, much] = wishOf(wishes) ?? ['', natural];
  showResult();
  return controlsFor(wish(wishes, name, name === 'neutral' ? 1 : before === 'neutral' ? natural : much));
}

function mix(text, ...strengths) {
  if (!text) return [text, null, null];
  const wishes = JSON.parse(text), {natural} = regganExpressions, safe = strengths.map((v) => share(v) ?? 0);
  return [JSON.stringify(wish(wishes, safe.join(','), wishOf(wishes)?.[1] ?? natural)), null, null];
}

// A number that is typed may be none, or too large.
function share(value) {
  const number = typeof value === 'string' && !value.trim() ? NaN : Number(value ?? NaN);
  return Number.isFinite(number) ? Math.min(1, Math.max(0, number)) : null;
}

function chooseStrength(text, value) {
  const much = share(value);
  if (!text || much === null) return text;
  const wishes = JSON.parse(text), name = wishOf(wishes)?.[0];
  return name ? JSON.stringify(wish(wishes, name, much)) : text;
}

// `regganPicked`: a face, or "all", who get what the chosen one has. Set by the widgets `people` and `compare`.
function pickFace(text) {
  const wishes = JSON.parse(text), first = wishOf(wishes) ?? Object.values(wishes.faces)[0];
  wishes.on = regganPicked;
  return controlsFor(regganPicked === 'all' && first ? wish(wishes, ...first) : wishes);
}

// `regganTile`: an expression among all of them.
function chooseTile(text) {
  document.querySelector('#results button[role=tab]').click();
  return chooseExpression(text, regganTile);
}

function stepBack(text) {
  if (!steps.length) return controlsFor(JSON.parse(text));
  goingBack = true;
  return controlsFor(JSON.parse(steps.pop()));
}

// The text stays the same letter for letter: another one, even of the same meaning, would ask for another result.
function showControls(text) {
  return [text, ...controlsFor(JSON.parse(text || '{"faces": {}, "on": 0}')).slice(1)];
}

// The visitor has gone back or forward: the chosen face gets what the address says.
function followAddress(text) {
  const wishes = JSON.parse(text || '{"faces": {}, "on": 0}'), asked = new URLSearchParams(location.search);
  const name = asked.get('expression') ?? FIRST.expression, much = share(asked.get('strength') ?? FIRST.strength);
  const known = name in regganExpressions.named || name.split(',').length === 6;
  const [now, nowMuch] = wishOf(wishes) ?? [];
  if (!text || !known || much === null || (name === now && much === nowMuch)) return showControls(text);
  return controlsFor(wish(wishes, name, much));
}

// What the chosen face is to look like stands in the address.
function writeAddress(step, now) {
  const [name, much] = wishOf(now) ?? [];
  if (name) stepTo({expression: name, strength: String(Math.round(100 * much) / 100)}, !step);
}

// Which face is chosen is no step, and a slider that is moved is one step only.
function isStep(before, now) {
  const a = JSON.parse(before), b = JSON.parse(now);
  if (a.picture !== b.picture) return false;
  const names = (wishes) => JSON.stringify(Object.entries(wishes.faces).map(([face, [name]]) => [face, name]));
  const kind = names(a) !== names(b) ? (wishOf(b)?.[0].includes(',') ? 'mixture' : 'name')
    : JSON.stringify(a.faces) !== JSON.stringify(b.faces) ? 'strength' : null;
  const again = kind === lastKind && kind !== 'name' && a.on === b.on;
  if (kind) lastKind = kind;
  return kind && !again;
}
let lastKind = null;

// The wishes have changed: here, or because the server has another picture.
function showWishes(text) {
  if (!text || text === nowWished) return;
  const now = JSON.parse(text), before = nowWished && JSON.parse(nowWished);
  if (before && before.picture !== now.picture) {
    steps.length = 0;
    writeAddress(false, now); // the server may have begun with another expression than the last
  } else if (before) {
    const changed = JSON.stringify(before.faces) !== JSON.stringify(now.faces);
    const step = goingBack || isStep(nowWished, text);
    if (step && !goingBack) steps.push(nowWished);
    if (changed) writeAddress(step, now);
  }
  if (goingBack || !nowWished) lastKind = null;
  [nowWished, goingBack] = [text, false];
  document.dispatchEvent(new CustomEvent('wishes', {detail: {...now, steps: steps.length}}));
}
