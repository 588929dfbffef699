// The page is loaded anew in the other language: so nothing of it stays in the old one.
function speak() {
  const select = element.querySelector('select');
  if (select) select.value = document.documentElement.lang;
}

element.addEventListener('change', (event) => {
  location.href = addressWith({lang: event.target.value});
});
watch('value', speak);
new MutationObserver(speak).observe(document.documentElement, {attributeFilter: ['lang']});
speak();
