// Sets the theme before the first paint. Reads what components/state/theme.ts writes; plain script on purpose.
(() => {
  let choice = 'system';
  try {
    choice = localStorage.getItem('skbtracer.theme') ?? 'system';
  } catch {
    // Storage may be blocked; the system's theme then applies.
  }
  if (choice === 'dark' || choice === 'light') document.documentElement.dataset.theme = choice;
})();
