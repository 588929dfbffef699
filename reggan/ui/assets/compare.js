// Before and after: the whole picture, or a face from near. Once the visitor has moved the divider it stays there, until
// there is another picture. A click on a face chooses it; a drag, anywhere, moves the divider.
let picture = null, look = 'whole', put = null, pinned = null, held = false, on = null, from = null;

const find = (selector) => element.querySelector(selector);
const value = () => props.value ?? {};
const view = () => value()[look] ?? value().whole;

function place(at) {
  element.style.setProperty('--at', at + '%');
  const range = find('input');
  if (range && Number(range.value) !== at) range.value = at;
}

function show(image, file) {
  if (image.getAttribute('src') !== file.url) image.src = file.url;
}

function draw() {
  const frame = find('.frame');
  if (!frame) return tell();
  if (!value()[look]) look = 'whole';
  frame.style.setProperty('--ratio', view().ratio);
  frame.classList.toggle('near', look === 'close');
  show(find('.after'), held ? view().before : view().after);
  show(find('.before'), pinned ? pinned[look].after : view().before);
  find('.left span').textContent = pinned ? pinned.caption : value().left;
  find('.right span').textContent = held ? value().left : pinned ? value().caption : value().right;
  frame.classList.toggle('held', held);
  place(put ?? (pinned ? 50 : view().start));
  tell();
}

function tell() {
  const {whole, close} = value();
  document.dispatchEvent(new CustomEvent('stage:is', {detail: {result: whole, close, look, pinned}}));
}

function begin() {
  const now = value();
  if (now.whole && now.picture !== picture) {
    [put, pinned, look] = [null, null, now.small ? 'close' : 'whole'];
    if (picture) requestAnimationFrame(showResult);
    picture = now.picture;
  }
  if (pinned && now.on !== pinned.on) look = 'whole'; // the pinned result was not seen from near there
  on = now.on;
  draw();
}

function moveTo(x) {
  const area = find('.frame').getBoundingClientRect();
  put = Math.min(100, Math.max(0, 100 * (x - area.left) / area.width));
  place(put);
}

// The smallest face there.
function faceAt(event) {
  const badge = event.target.closest('.number');
  if (badge) return Number(badge.dataset.face);
  if (look === 'close') return null;
  const there = [...element.querySelectorAll('.outline')].map((one) => [one, one.getBoundingClientRect()]).filter(
    ([, area]) => event.clientX >= area.left && event.clientX <= area.right && event.clientY >= area.top
      && event.clientY <= area.bottom);
  there.sort(([, a], [, b]) => a.width - b.width);
  return there.length ? Number(there[0][0].dataset.face) : null;
}

element.addEventListener('pointerdown', (event) => {
  if (event.button || !find('.frame')?.contains(event.target)) return;
  from = {x: event.clientX, y: event.clientY, face: faceAt(event), moved: false};
});
element.addEventListener('pointermove', (event) => {
  if (!from || !find('.frame')) return;
  const far = Math.abs(event.clientX - from.x);
  if (!from.moved && far > 4) {
    from.moved = true;
    find('.frame').setPointerCapture(event.pointerId);
  }
  if (from.moved) moveTo(event.clientX);
});
element.addEventListener('pointerup', (event) => {
  if (from && !from.moved && from.face !== null) {
    window.regganPicked = from.face;
    trigger('pick');
  } else if (from && !from.moved) moveTo(event.clientX);
  from = null;
});
element.addEventListener('pointercancel', () => (from = null));
element.addEventListener('keydown', (event) => {
  const step = {ArrowLeft: -2, ArrowDown: -2, ArrowRight: 2, ArrowUp: 2}[event.key];
  if (!step || !event.target.matches('input')) return;
  event.preventDefault();
  put = Math.min(100, Math.max(0, Number(event.target.value) + step));
  place(put);
});
element.addEventListener('input', (event) => {
  put = Number(event.target.value);
  place(put);
});
document.addEventListener('stage:do', (event) => {
  const {look: wanted, hold, pin} = event.detail;
  if (hold === held) return;
  if (wanted) look = wanted;
  if (wanted === 'close' && pinned && pinned.on !== on) pinned = null;
  if (hold !== undefined) held = hold;
  if (pin !== undefined) {
    const {whole, close, caption} = value();
    pinned = pin ? {whole, close, caption, on} : null;
    put = null;
  }
  draw();
});
watch('value', begin);
begin();
