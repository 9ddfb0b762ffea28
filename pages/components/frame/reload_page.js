// Loads the page anew, once.
export default function () {
  if (!window.reloading) {
    window.reloading = true;
    location.reload();
  }
}
