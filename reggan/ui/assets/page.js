// Gradio refuses files whose type the browser does not know, such as those without a suffix, in English. Here every file
// counts as a picture: the server looks at its content, and says in the page's language if it is none.
const typeOfFile = Object.getOwnPropertyDescriptor(Blob.prototype, 'type').get;
Object.defineProperty(File.prototype, 'type', {
  get() {
    const type = typeOfFile.call(this);
    return type.startsWith('image/') ? type : 'image/unknown';
  },
});

// What Gradio says in English only is said in the page's language: names for screen readers, and that the queue is full.
// `regganWords` holds, for each language, English to translation.
function words() {
  return window.regganWords[document.documentElement.lang] ?? {};
}

function translateLabel(element) {
  const said = element.getAttribute('aria-label'), known = words();
  const prefix = ['number input for ', 'range slider for '].find((start) => said.startsWith(start));
  const better = prefix ? known[prefix] && known[prefix] + said.slice(prefix.length) : known[said];
  if (better && better !== said) element.setAttribute('aria-label', better);
  if (element.closest('.source-selection')) element.title = better ?? said;
}

function translateTexts(root) {
  const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const better = words()[texts.currentNode.data.trim()];
    if (better) texts.currentNode.data = better;
  }
}

function explainFullQueue(text) {
  const english = 'This application is currently busy';
  if (!text.textContent.startsWith(english)) return;
  text.textContent = words()[english] ?? window.regganWords.en[english];
  text.closest('[data-testid="toast-body"]').querySelector('.toast-title-row')?.remove();
}

function translateAll() {
  document.querySelectorAll('[aria-label]').forEach(translateLabel);
  document.querySelectorAll('#upload button').forEach(translateTexts);
  document.querySelectorAll('[data-testid="toast-text"]').forEach(explainFullQueue);
}

new MutationObserver(translateAll).observe(document.documentElement, {
  attributeFilter: ['aria-label', 'lang'],
  childList: true,
  subtree: true,
});
