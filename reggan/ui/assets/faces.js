// A click on a face picks it. While marking, a box is drawn: by dragging, by two clicks, or with the arrow keys
// (Shift and arrow: its size; Enter: done). Positions are parts of the picture's width and height.
let corner = null, opposite = null, dragging = false;

const limit = (v) => Math.min(1, Math.max(0, v));
const canvas = () => element.querySelector('.canvas.marking');
const position = (event) => {
  const area = canvas().getBoundingClientRect();
  return [limit((event.clientX - area.left) / area.width), limit((event.clientY - area.top) / area.height)];
};
const far = () => Math.hypot(opposite[0] - corner[0], opposite[1] - corner[1]) > 0.02;

function draw() {
  const style = element.querySelector('.box').style;
  style.display = corner ? 'block' : 'none';
  if (!corner) return;
  style.left = 100 * Math.min(corner[0], opposite[0]) + '%';
  style.top = 100 * Math.min(corner[1], opposite[1]) + '%';
  style.width = 100 * Math.abs(corner[0] - opposite[0]) + '%';
  style.height = 100 * Math.abs(corner[1] - opposite[1]) + '%';
}

function finish() {
  const [a, b] = [corner, opposite];
  trigger('box', {box: [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[0], b[0]), Math.max(a[1], b[1])]});
  corner = opposite = null;
  dragging = false;
  draw();
}

element.addEventListener('click', (event) => {
  const face = event.target.closest('.face');
  if (face && !canvas()) trigger('pick', {face: Number(face.dataset.face)});
});
element.addEventListener('pointerdown', (event) => {
  if (!canvas() || event.button) return;
  event.preventDefault();
  canvas().setPointerCapture(event.pointerId);
  dragging = true;
  if (!corner) corner = position(event);
  opposite = position(event);
  draw();
});
element.addEventListener('pointermove', (event) => {
  if (!canvas() || !corner) return;
  opposite = position(event);
  draw();
});
element.addEventListener('pointerup', (event) => {
  if (!canvas() || !dragging) return;
  dragging = false;
  opposite = position(event);
  if (far()) finish(); // else it was the first of two clicks
});
element.addEventListener('keydown', (event) => {
  const step = {ArrowLeft: [-0.02, 0], ArrowRight: [0.02, 0], ArrowUp: [0, -0.02], ArrowDown: [0, 0.02]}[event.key];
  if (!canvas() || !(step || event.key === 'Enter')) return;
  event.preventDefault();
  if (event.key === 'Enter') return corner && far() ? finish() : undefined;
  if (!corner) [corner, opposite] = [[0.35, 0.25], [0.65, 0.65]];
  else {
    if (!event.shiftKey) corner = corner.map((v, n) => limit(v + step[n]));
    opposite = opposite.map((v, n) => limit(v + step[n]));
  }
  draw();
});
watch('value', () => {
  corner = opposite = null;
  dragging = false;
});
