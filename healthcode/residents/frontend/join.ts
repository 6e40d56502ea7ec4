// Takes the guardian code from the address of the other phone's QR picture. It stands behind the #,
// so that no server's log has it, and leaves the address at once.

const code = /#code=([0-9A-Z-]+)/i.exec(location.hash)?.[1];
const field = document.querySelector<HTMLInputElement>("#code");
if (code !== undefined && field !== null) {
  field.value = code;
  history.replaceState(null, "", location.pathname);
}
