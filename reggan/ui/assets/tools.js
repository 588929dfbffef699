// Under the result: near or whole, one step back, the original while it is held, and a result that is pinned. What they
// do to the pictures is in compare.js.
let steps = 0, stage = {};

const find = (selector) => element.querySelector(selector);
const ask = (detail) => document.dispatchEvent(new CustomEvent('stage:do', {detail}));

function paint() {
  if (!find('.row')) return;
  find('.row').hidden = !stage.result;
  find('.look').hidden = !stage.close;
  for (const button of element.querySelectorAll('.look button')) {
    button.setAttribute('aria-pressed', button.dataset.look === stage.look);
  }
  find('.undo').disabled = !steps;
  find('.pin').setAttribute('aria-pressed', Boolean(stage.pinned));
}

element.addEventListener('click', (event) => {
  const button = event.target.closest('button');
  if (button?.dataset.look) ask({look: button.dataset.look});
  else if (button?.matches('.pin')) ask({pin: !stage.pinned});
  else if (button?.matches('.undo')) trigger('undo');
});
element.addEventListener('pointerdown', (event) => {
  if (event.target.closest('.hold') && !event.button) ask({hold: true});
});
for (const end of ['pointerup', 'pointercancel', 'blur']) addEventListener(end, () => ask({hold: false}));
element.addEventListener('contextmenu', (event) => event.preventDefault()); // of a finger that is held
element.addEventListener('keydown', (event) => {
  if (event.target.closest('.hold') && [' ', 'Enter'].includes(event.key)) ask({hold: true});
});
element.addEventListener('keyup', () => ask({hold: false}));
document.addEventListener('address', () => trigger('address'));
document.addEventListener('wishes', (event) => {
  steps = event.detail.steps;
  paint();
});
document.addEventListener('stage:is', (event) => {
  stage = event.detail;
  paint();
});
watch('value', paint);
paint();
