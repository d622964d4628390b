import { EXAMPLES } from './examples.ts';
import { hrefOf } from './lib/route.ts';
import { chooseTwo, newDockerfile, openExample, openExampleImage, openExamplePair } from './ui/commands.ts';
import { pickFile } from './ui/drop.tsx';

const mac = /Mac|iP(hone|ad|od)/.test(navigator.platform);

export function Start() {
  return (
    <main class="land" id="main">
      <div class="land-in">
        <div data-pane>
          <h1>See what a Dockerfile makes, and what an image holds.</h1>
          <p class="lede">Layerwright lints and previews Dockerfiles as you type, opens images layer by layer and tells you which line brought which byte. It runs in this tab: no server, no upload, no container engine.</p>
          <div class="ways">
            <section class="way">
              <h2>Write a Dockerfile</h2>
              <p>Findings, fixes, stages and layers while you type.</p>
              <div class="act">
                <button type="button" class="btn pri" onClick={newDockerfile}>
                  New
                </button>
                <button type="button" class="btn" onClick={() => openExample(0)}>
                  Example
                </button>
              </div>
            </section>
            <section class="way">
              <h2>Look inside an image</h2>
              <p>Drop a tar or a layout folder anywhere.</p>
              <div class="act">
                <button type="button" class="btn" onClick={() => pickFile()}>
                  Choose a file
                </button>
                <button type="button" class="btn" aria-label="Example image" onClick={openExampleImage}>
                  Example
                </button>
              </div>
            </section>
            <section class="way">
              <h2>Compare two images</h2>
              <p>Layers, settings, files and text, side by side.</p>
              <div class="act">
                <button type="button" class="btn" onClick={() => void chooseTwo()}>
                  Choose two
                </button>
                <button type="button" class="btn" aria-label="Example comparison" onClick={openExamplePair}>
                  Example
                </button>
              </div>
            </section>
          </div>
        </div>
        <Figure />
        <div class="three" data-pane>
          <section>
            <h2>Examples</h2>
            <ul>
              {EXAMPLES.map((example, index) => (
                <li>
                  <a
                    class="link"
                    href={hrefOf('dockerfile')}
                    onClick={(event) => {
                      event.preventDefault();
                      openExample(index);
                    }}
                  >
                    {example.what}
                  </a>
                </li>
              ))}
              <li>
                <a
                  class="link"
                  href="#/image"
                  onClick={(event) => {
                    event.preventDefault();
                    openExampleImage();
                  }}
                >
                  Its image, assembled in this tab
                </a>
              </li>
            </ul>
          </section>
          <section>
            <h2>What happens to your files</h2>
            <p>They stay in this tab. Dockerfiles are kept in this browser, images in memory only. The page works without a network after its first load.</p>
          </section>
          <section>
            <h2>Keys</h2>
            <ul>
              <li>
                <kbd>{mac ? 'Cmd' : 'Ctrl'} K</kbd> go to a file, layer, finding or command
              </li>
              <li>
                <kbd>F6</kbd> next pane, <kbd>Shift F6</kbd> back
              </li>
              <li>
                <kbd>?</kbd> all keys, when no text field has focus
              </li>
            </ul>
          </section>
        </div>
      </div>
    </main>
  );
}

/** The idea as a drawing: grey is the base image, blue is yours, hatched is stored and never seen. No numbers: it is no image. */
const BARS: [label: string, own: boolean, width: number, wasted: number][] = [
  ['RUN chown', true, 148, 0],
  ['COPY dist', true, 14, 14],
  ['COPY node_modules', true, 143, 143],
  ['RUN apt-get install', true, 114, 45],
  ['WORKDIR', true, 3, 0],
  ['base image: node', false, 264, 0],
  ['base image: Debian', false, 175, 0],
];

function Figure() {
  const height = BARS.length * 21;
  return (
    <figure class="fig">
      <figcaption class="xs dim">How an image is drawn: one bar a layer, all on one scale.</figcaption>
      <svg viewBox={`0 0 432 ${height + 54}`} role="img" aria-label="A drawing: the layers of an image as bars. Those of the base image are grey, your own blue; the part that a later layer hides is hatched.">
        {BARS.map(([label, own, width, wasted], i) => (
          <>
            <rect class={own ? 'own' : 'base'} x="0" y={i * 21 + 3} width={width} height="15" rx="2" />
            {wasted > 0 && <rect class="hat" x={width - wasted} y={i * 21 + 3} width={wasted} height="15" rx="2" />}
            <text x={width + 8} y={i * 21 + 15}>
              {label}
            </text>
          </>
        ))}
        <path class="axis" d={`M0 ${height + 7}H432`} />
        <rect class="base" x="0" y={height + 20} width="12" height="12" rx="2" />
        <text x="18" y={height + 30}>
          base image
        </text>
        <rect class="own" x="120" y={height + 20} width="12" height="12" rx="2" />
        <text x="138" y={height + 30}>
          yours
        </text>
        <rect class="hat" x="200" y={height + 20} width="12" height="12" rx="2" />
        <text class="wasted" x="218" y={height + 30}>
          stored, never seen
        </text>
      </svg>
    </figure>
  );
}
