// A face is marked by three taps, eye, eye, mouth; the server answers with the mesh laid over them, and with chin and
// mouth corners, and all six can be dragged. Marking begins only by its button. Positions are parts of the picture's
// width and height. The server's answers: `marking.html`.
const EYES_AND_MOUTH = 3, REACH = 26, REACH_BEFORE = 10; // pixels within which a mark is taken hold of
let dialog = null, open = null, turn = 0, marks = [], own = [], seen = false, held = null, cursor = null, placed = false;

const value = () => props.value ?? {};
const words = () => value().words;
const find = (selector) => dialog.querySelector(selector);
const limit = (v) => Math.min(1, Math.max(0, v));
const missing = () => [0, 1, 2].find((n) => !marks[n]);
const name = (n) => words().names[Math.min(n, 4) < 2 ? 0 : Math.min(n, 4) - 1];

function build() {
  dialog = document.createElement('dialog');
  dialog.id = 'marking_dialog';
  dialog.setAttribute('aria-labelledby', 'marking_title');
  dialog.innerHTML = `<h2 id="marking_title"></h2><p class="step" role="status"></p>
    <div class="canvas" tabindex="0" role="application"><img alt="" draggable="false">
    <svg viewBox="0 0 1 1" preserveAspectRatio="none" aria-hidden="true"><path class="edge"/><path class="mesh"/></svg>
    <div class="there"></div><div class="cursor" hidden></div><div class="marks"></div></div>
    <div class="ends"><button type="button" class="cancel"></button>
    <button type="button" class="done"></button></div>`;
  (element.closest('.gradio-container') ?? document.body).append(dialog);
  find('.cancel').addEventListener('click', () => dialog.close());
  find('.done').addEventListener('click', () => {
    placed = true;
    trigger('place', {marks: sent()});
    dialog.close();
  });
  find('.marks').addEventListener('click', (event) => {
    const cross = event.target.closest('.remove');
    if (cross) remove(Number(cross.dataset.mark));
  });
  const canvas = find('.canvas');
  canvas.addEventListener('pointerdown', press);
  canvas.addEventListener('pointermove', move);
  canvas.addEventListener('pointerup', release);
  canvas.addEventListener('pointercancel', () => held && put(held.mark, held.was));
  canvas.addEventListener('keydown', key);
}

function start() {
  if (!dialog) build();
  [open, marks, own, seen, held, cursor] = [value().open, [], [], false, null, null];
  find('h2').textContent = words().title;
  find('.cancel').textContent = words().cancel;
  find('.done').textContent = words().done;
  find('.canvas').setAttribute('aria-label', words().hint);
  dialog.style.setProperty('--ratio', value().ratio);
  find('img').src = value().picture.url;
  find('.there').replaceChildren(...value().faces.map((face) => {
    const outline = document.createElement('div');
    for (const side of ['left', 'top', 'width', 'height']) outline.style[side] = face[side] + '%';
    outline.textContent = face.number;
    return outline;
  }));
  mesh('');
  draw();
  dialog.showModal();
  find('.canvas').focus();
}

// An answer of the server: to the last question, and not while something is being dragged.
function answer() {
  const said = value();
  if (!said.open) {
    if (dialog?.open) dialog.close();
    if (placed) requestAnimationFrame(showResult);
    placed = false;
    return;
  }
  if (said.open !== open) return start();
  if (said.turn !== turn || held || missing() !== undefined) return;
  if (said.marks) [marks, seen] = [said.marks.slice(), said.seen];
  mesh(said.mesh ?? '');
  draw();
}

function mesh(path) {
  find('.mesh').setAttribute('d', path);
  find('.edge').setAttribute('d', path);
  find('.done').disabled = !path;
}

// Chin and corners go to the server only where they are the visitor's, or where a face was seen and is being moved.
function sent() {
  return own.slice(EYES_AND_MOUTH).some(Boolean) || (seen && own.some(Boolean)) ? marks : marks.slice(0, EYES_AND_MOUTH);
}

function ask() {
  if (missing() === undefined) trigger('marks', {marks: sent(), turn: ++turn, open});
}

function draw() {
  const next = missing(), said = value(), answered = said.open === open && said.turn === turn;
  const step = next === undefined ? (answered && said.problem) || words().ready : words().steps[next];
  if (find('.step').textContent !== step) find('.step').textContent = step;
  find('.step').classList.toggle('problem', next === undefined && Boolean(answered && said.problem));
  if (next !== undefined) mesh('');
  const middle = [0, 1].map((axis) => marks.reduce((sum, mark) => sum + (mark?.[axis] ?? 0), 0) / marks.filter(Boolean).length);
  const focused = dialog.contains(document.activeElement) ? document.activeElement.closest('.mark')?.dataset.mark : null;
  find('.marks').replaceChildren(...marks.flatMap((mark, n) => mark ? [handle(n, mark, middle)] : []));
  find(`.mark[data-mark="${focused}"]`)?.focus();
  find('.cursor').hidden = !cursor;
  if (cursor) at(find('.cursor'), cursor);
}

function at(thing, [x, y]) {
  thing.style.left = 100 * x + '%';
  thing.style.top = 100 * y + '%';
}

// A mark and, away from the middle of all, its cross.
function handle(n, mark, middle) {
  const thing = document.createElement('div'), size = find('.canvas').getBoundingClientRect();
  thing.className = 'mark' + (n < EYES_AND_MOUTH ? '' : ' more');
  thing.dataset.mark = n;
  thing.tabIndex = 0;
  thing.setAttribute('role', 'button');
  thing.setAttribute('aria-label', name(n));
  at(thing, mark);
  if (n < EYES_AND_MOUTH || own[n]) {
    const away = [(mark[0] - middle[0]) * size.width, (mark[1] - middle[1]) * size.height], far = Math.hypot(...away);
    const [x, y] = far > 1 ? away.map((v) => 26 * v / far) : [0, -26];
    const cross = document.createElement('button');
    Object.assign(cross, {type: 'button', className: 'remove', textContent: '×'});
    cross.dataset.mark = n;
    cross.setAttribute('aria-label', `${words().remove}: ${name(n)}`);
    cross.style.translate = `${x}px ${y}px`;
    thing.append(cross);
  }
  return thing;
}

function put(n, point) {
  const by = marks[n] && [point[0] - marks[n][0], point[1] - marks[n][1]];
  if (n === 2 && by) { // the mouth takes along what has not been moved by itself
    for (const other of [3, 4, 5]) {
      if (marks[other] && !own[other]) marks[other] = [limit(marks[other][0] + by[0]), limit(marks[other][1] + by[1])];
    }
  }
  marks[n] = point;
  draw();
}

function remove(n) {
  own[n] = false;
  if (n < EYES_AND_MOUTH) {
    delete marks[n];
    marks.length = EYES_AND_MOUTH; // chin and corners come anew
    own.length = EYES_AND_MOUTH;
    seen = false;
  }
  find('.canvas').focus();
  draw();
  ask();
}

function position(event) {
  const area = find('.canvas').getBoundingClientRect();
  return [limit((event.clientX - area.left) / area.width), limit((event.clientY - area.top) / area.height)];
}

function nearest(event) {
  const area = find('.canvas').getBoundingClientRect();
  const far = marks.map(([x, y] = [9, 9]) =>
    Math.hypot(area.left + x * area.width - event.clientX, area.top + y * area.height - event.clientY));
  const n = far.indexOf(Math.min(...far));
  return far[n] < (missing() === undefined ? REACH : REACH_BEFORE) ? n : -1;
}

function press(event) {
  if (event.button || !event.isPrimary || event.target.closest('.remove')) return;
  const n = nearest(event);
  held = n < 0 ? {mark: -1} : {mark: n, was: marks[n], from: position(event), moved: false};
  find('.canvas').setPointerCapture(event.pointerId);
}

function move(event) {
  if (!held || held.mark < 0) return;
  const now = position(event), area = find('.canvas').getBoundingClientRect();
  const by = [now[0] - held.from[0], now[1] - held.from[1]];
  held.moved ||= Math.hypot(by[0] * area.width, by[1] * area.height) > 3;
  if (held.moved) put(held.mark, [limit(held.was[0] + by[0]), limit(held.was[1] + by[1])]);
}

function release(event) {
  if (!held) return;
  const {mark, moved} = held, next = missing();
  held = null;
  if (moved) own[mark] = true;
  else if (mark < 0 && next !== undefined) put(next, position(event));
  else return;
  ask();
}

// Without a mouse: arrow keys move what has the focus, a mark or the cross hairs; Enter sets one, Delete takes it away.
function key(event) {
  const step = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]}[event.key];
  const mark = event.target.closest('.mark'), n = Number(mark?.dataset.mark), far = event.shiftKey ? 0.05 : 0.01;
  if (event.target.closest('.remove')) return;
  if (mark && (event.key === 'Delete' || event.key === 'Backspace')) return remove(n);
  if (step) {
    event.preventDefault();
    const [x, y] = mark ? marks[n] : cursor ?? [0.5, 0.5], moved = [limit(x + far * step[0]), limit(y + far * step[1])];
    if (!mark) cursor = moved;
    if (!mark) return draw();
    own[n] = true;
    put(n, moved);
    ask();
  } else if (event.key === 'Enter' && !mark && cursor && missing() !== undefined) {
    event.preventDefault();
    put(missing(), cursor);
    ask();
  }
}

element.addEventListener('click', (event) => event.target.closest('.offer button') && trigger('begin'));
watch('value', answer);
