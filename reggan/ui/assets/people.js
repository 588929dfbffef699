// A click chooses a face, or everybody; a cross takes away one that was marked by hand. Under each face stands what it is to look like, and how much of it.
let wishes = null, taken = false;

function paint() {
  const value = props.value ?? {};
  if (!wishes) return;
  for (const button of element.querySelectorAll('[data-face]')) {
    const face = button.dataset.face, [name, much] = wishes.faces[face] ?? [];
    button.setAttribute('aria-pressed', wishes.on === 'all' || String(wishes.on) === face);
    if (face === 'all') continue;
    const percent = Math.round(100 * much) + ' %', changed = name && much;
    button.querySelector('.has').textContent = changed ? `${regganExpressions.signs[name] ?? '🎭'} ${percent}` : '';
    const person = value.people.find((one) => String(one.face) === face);
    const words = changed ? `${value.names[name] ?? value.mixture}, ${percent}` : value.unchanged;
    button.setAttribute('aria-label', `${person?.label}: ${words}`);
  }
}

element.addEventListener('click', (event) => {
  const {face, unmark} = event.target.closest('button')?.dataset ?? {};
  if (unmark) {
    taken = true;
    trigger('unmark', {face: Number(unmark)});
  }
  if (!face) return;
  window.regganPicked = face === 'all' ? 'all' : Number(face);
  trigger('pick');
});
document.addEventListener('wishes', (event) => {
  wishes = event.detail;
  paint();
  if (taken) (element.querySelector('[aria-pressed="true"]') ?? document.querySelector('#marking button'))?.focus();
  taken = false;
});
watch('value', paint);
paint();
