// Gradio says in English, under the title "Error", that its queue is full. Here it is said in the page's language.
new MutationObserver(() => {
  for (const text of document.querySelectorAll('[data-testid="toast-text"]')) {
    if (!text.textContent.startsWith('This application is currently busy')) continue;
    text.textContent = window.regganBusy[document.documentElement.lang] ?? window.regganBusy.en;
    text.closest('[data-testid="toast-body"]').querySelector('.toast-title-row')?.remove();
  }
}).observe(document.body, {childList: true, subtree: true});
