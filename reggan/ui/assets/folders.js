// A folder that is dropped stands for the files in it, at any depth, by name. Gradio would try to upload the folder
// itself, and say in English that its connection has failed.
async function filesIn(entry) {
  if (entry.isFile) return [await new Promise((resolve, reject) => entry.file(resolve, reject))];
  const reader = entry.createReader(), found = [];
  for (let some; (some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject))).length;) {
    found.push(...some); // a hundred at a time
  }
  found.sort((a, b) => a.name.localeCompare(b.name, undefined, {numeric: true}));
  return (await Promise.all(found.filter((one) => !one.name.startsWith('.')).map(filesIn))).flat();
}

document.addEventListener('drop', async (event) => {
  const entries = [...(event.dataTransfer?.items ?? [])].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!event.isTrusted || !entries.some((entry) => entry.isDirectory)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const content = new DataTransfer();
  for (const file of (await Promise.all(entries.map(filesIn))).flat()) content.items.add(file);
  event.target.dispatchEvent(new DragEvent('drop', {bubbles: true, cancelable: true, dataTransfer: content}));
}, true);
