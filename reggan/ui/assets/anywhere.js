// A picture that is dropped or pasted anywhere on the page is taken as if it were given to the upload that is in view.
const UPLOADS = ['#upload', '#batch_files'];

function uploadInView() {
  return UPLOADS.map((id) => document.querySelector(id)).find((one) => one?.offsetParent);
}

function hand(files) {
  const upload = uploadInView() ?? document.querySelector('#upload'), field = upload?.querySelector('input[type=file]');
  if (!field || !files.length) return false;
  const given = new DataTransfer();
  for (const file of field.multiple ? files : [...files].slice(0, 1)) given.items.add(file);
  field.files = given.files;
  field.dispatchEvent(new Event('change', {bubbles: true}));
  return true;
}

const holdsFiles = (data) => [...(data?.types ?? [])].includes('Files');
const elsewhere = (target) => !UPLOADS.some((id) => target.closest?.(id));

document.addEventListener('dragover', (event) => {
  if (!holdsFiles(event.dataTransfer)) return;
  document.body.classList.add('dropping');
  if (elsewhere(event.target)) event.preventDefault();
});
for (const end of ['dragleave', 'drop', 'dragend']) {
  document.addEventListener(end, (event) => {
    if (end !== 'dragleave' || !event.relatedTarget) document.body.classList.remove('dropping');
  }, true);
}
document.addEventListener('drop', (event) => {
  if (!holdsFiles(event.dataTransfer) || !elsewhere(event.target)) return;
  event.preventDefault(); // the browser would leave the page and show the file
  hand(event.dataTransfer.files);
});
document.addEventListener('paste', (event) => {
  if (holdsFiles(event.clipboardData) && hand(event.clipboardData.files)) event.preventDefault();
});
