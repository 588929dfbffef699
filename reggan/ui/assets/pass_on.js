// The result in the clipboard, or in another program of the visitor's device: the same file as the download.
const emptyPicture = new File([], 'a.png', {type: 'image/png'});
document.documentElement.classList.toggle('can-copy', Boolean(navigator.clipboard?.write && window.ClipboardItem));
document.documentElement.classList.toggle('can-share', Boolean(navigator.canShare?.({files: [emptyPicture]})));

function told(key) {
  const status = document.createElement('p');
  status.className = 'status';
  status.role = 'status';
  status.textContent = sentence(key);
  return status.outerHTML;
}

async function pictureIn(file) {
  return (await fetch(file.url)).blob();
}

async function copyPicture(file) {
  try {
    await navigator.clipboard.write([new ClipboardItem({'image/png': pictureIn(file)})]);
    return told('The picture is in the clipboard');
  } catch {
    return told('The browser did not allow it');
  }
}

async function sharePicture(file) {
  const picture = await pictureIn(file);
  try {
    await navigator.share({files: [new File([picture], file.orig_name, {type: picture.type})]});
  } catch (error) {
    if (error.name !== 'AbortError') return told('The browser did not allow it'); // else the visitor changed their mind
  }
  return '';
}
