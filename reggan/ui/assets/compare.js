// The divider stays where the visitor has put it, until there is another picture or another face.
let shown = null;

function place(at) {
  element.style.setProperty('--at', at + '%');
  const range = element.querySelector('input');
  if (range && Number(range.value) !== at) range.value = at;
}

function begin() {
  const value = props.value ?? {}, now = value.after ? value.before.url + value.start : null;
  if (now && now !== shown) {
    place(value.start);
    if (shown) requestAnimationFrame(showResult);
  }
  else if (now) place(parseFloat(element.style.getPropertyValue('--at')));
  shown = now;
}

element.addEventListener('input', (event) => place(Number(event.target.value)));
element.addEventListener('keydown', (event) => {
  const step = {ArrowLeft: -2, ArrowDown: -2, ArrowRight: 2, ArrowUp: 2}[event.key];
  if (!step || !event.target.matches('input')) return;
  event.preventDefault();
  place(Math.min(100, Math.max(0, Number(event.target.value) + step)));
});
watch('value', begin);
begin();
