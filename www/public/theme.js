// Runs before the first paint, so that a saved theme does not flash. A file of its own: the policy allows no inline script.
try {
  var theme = localStorage.getItem('layerwright.theme');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
} catch (_) {
  // Storage can be switched off; the system's theme stays.
}
