// When the server goes away, Gradio says so in English, and when it is there again and a new one, loads the page anew.
// Here both are said in the page's language, and that the picture has to be chosen again.
const LOST = ['Connection to the server was lost', 'Connection errored out'];
const RESTARTED = 'reggan.restarted'; // kept over the page's reload only: a word, nothing of the visitor
let lost = 0; // when the server went away, in milliseconds; 0 once a result has come again

function sentence(key) {
  return words()[key] ?? regganWords.en[key];
}

function lostToasts() {
  return [...document.querySelectorAll('[data-testid="toast-text"]')].filter(
    (text) => LOST.some((start) => text.textContent.startsWith(start)) || text.dataset.lost);
}

function explainLoss() {
  for (const text of lostToasts()) {
    lost ||= Date.now();
    if (text.dataset.lost === document.documentElement.lang) continue;
    text.dataset.lost = document.documentElement.lang;
    text.textContent = sentence('The server does not answer');
    text.closest('[data-testid="toast-body"]').querySelector('.toast-title-row')?.remove();
  }
}

// Once the new page has said what it shows.
function explainRestart() {
  const note = document.querySelector('#note .status');
  if (!note || !document.querySelector('#compare img.after') || !sessionStorage.getItem(RESTARTED)) return;
  sessionStorage.removeItem(RESTARTED);
  note.textContent = sentence('The server was restarted');
  note.className = 'status action';
}

// A visitor's own reload breaks the connection too, but only just before.
addEventListener('beforeunload', () => {
  if (lost && Date.now() - lost > 500) sessionStorage.setItem(RESTARTED, 'yes');
});
new MutationObserver((changes) => {
  if (changes.some(({type, target}) => type === 'attributes' && target.matches('#compare img.after'))) lost = 0;
  explainLoss();
  explainRestart();
}).observe(document.documentElement, {attributeFilter: ['lang', 'src'], childList: true, subtree: true});
