import { render } from 'preact';
import { App } from './app.tsx';
import { restore } from './dockerfile/model.ts';
import { scriptUrl } from './lib/trusted.ts';

const root = document.getElementById('app');
if (root) render(<App />, root);
void restore();

// Everything is kept by the service worker after the first load; without one the page works, but only online.
if ('serviceWorker' in navigator && import.meta.env.PROD) {
  addEventListener('load', () => {
    navigator.serviceWorker.register(scriptUrl('./sw.js'), { scope: './' }).catch(() => undefined);
  });
}
