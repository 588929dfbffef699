// A click chooses the expression of a tile.
let chosen = null;

function paint() {
  for (const button of element.querySelectorAll('button')) {
    button.setAttribute('aria-pressed', button.dataset.name === chosen);
  }
}

element.addEventListener('click', (event) => {
  const name = event.target.closest('button')?.dataset.name;
  if (!name) return;
  window.regganTile = name;
  trigger('choose');
});
document.addEventListener('wishes', (event) => {
  chosen = wishOf(event.detail)?.[0];
  paint();
});
watch('value', paint);
paint();
