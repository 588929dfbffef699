// A click on a face picks it.
element.addEventListener('click', (event) => {
  const face = event.target.closest('.face');
  if (face) trigger('pick', {face: Number(face.dataset.face)});
});
