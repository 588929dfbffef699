// A click enlarges a picture. There the others take its place, by their buttons or the arrow keys, so that what differs
// can be seen; Escape, the cross, or a click beside it closes.
let shown = 0;

const dialog = () => element.querySelector('dialog');

function show(number) {
  const figures = [...dialog().querySelectorAll('figure')];
  shown = (number + figures.length) % figures.length;
  figures.forEach((figure, n) => (figure.hidden = n !== shown));
  dialog().querySelectorAll('.turn button').forEach((button, n) => button.setAttribute('aria-pressed', n === shown));
}

element.addEventListener('click', (event) => {
  const button = event.target.closest('button');
  if (button?.dataset.picture) {
    show(Number(button.dataset.picture));
    if (!dialog().open) dialog().showModal();
  } else if (button || event.target === dialog()) dialog().close();
});
element.addEventListener('keydown', (event) => {
  const step = {ArrowLeft: -1, ArrowRight: 1}[event.key];
  if (!step || !dialog()?.open) return;
  event.preventDefault();
  show(shown + step);
  dialog().querySelectorAll('.turn button')[shown].focus();
});
