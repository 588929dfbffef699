// The address says what is shown, so that it can be sent to others, and Back leads to what was shown before:
// ?tab=about&lang=de&expression=sad&strength=0.5. What the page begins with is left out.
const FIRST = {tab: 'edit', expression: 'happy', strength: String(regganExpressions.natural)};

function tabButton(name) {
  return document.querySelector(`#pages button[role="tab"][data-tab-id="${CSS.escape(name)}"]`);
}

// The address of this page with these parts changed.
function addressWith(parts) {
  const address = new URL(location.href);
  for (const [name, value] of Object.entries(parts)) {
    if (value === FIRST[name]) address.searchParams.delete(name);
    else address.searchParams.set(name, value);
  }
  return address;
}

// A step of the visitor: `back` leads to where it began. What is `same`, such as a slider that moves on, is no new one.
function stepTo(parts, same = false) {
  const address = addressWith(parts);
  if (address.href === location.href) return;
  if (same) history.replaceState(null, '', address);
  else history.pushState(null, '', address);
}

function showTab() {
  const button = tabButton(new URLSearchParams(location.search).get('tab') ?? FIRST.tab);
  if (button && button.getAttribute('aria-selected') !== 'true') button.click();
}

addEventListener('popstate', () => {
  showTab();
  document.dispatchEvent(new Event('address'));
});
const untilThere = new MutationObserver(() => { // what a link asks for
  if (!tabButton(FIRST.tab)) return;
  untilThere.disconnect();
  showTab();
});
untilThere.observe(document.documentElement, {childList: true, subtree: true});
document.addEventListener('click', (event) => {
  const tab = event.target.closest?.('button[role="tab"]')?.dataset.tabId;
  if (tab && tabButton(tab) && Number.isNaN(Number(tab))) stepTo({tab}); // results have numbers
});

// This browser tab's visit, by which a reload finds the picture again on the server. It ends with the browser tab.
function visitToken() {
  try {
    const known = sessionStorage.getItem('reggan.visit');
    if (known) return known;
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    const token = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
    sessionStorage.setItem('reggan.visit', token);
    return token;
  } catch { // storage is forbidden
    return '';
  }
}

// Whether this page was reached by a link to an example, and not by a reload or from this page itself.
function linkedExample() {
  const [way] = performance.getEntriesByType('navigation');
  const linked = new URLSearchParams(location.search).has('example') && way?.type === 'navigate';
  return linked && !document.referrer.startsWith(location.origin);
}
