// The language that the address asks for (?lang=de) counts more than the browser's. Run before Gradio asks for that.
const wantedLanguage = new URLSearchParams(location.search).get('lang');
if (LANGUAGES.includes(wantedLanguage)) {
  for (const [name, value] of [['language', wantedLanguage], ['languages', [wantedLanguage]]]) {
    Object.defineProperty(navigator, name, {get: () => value});
  }
}
