// What a journey through the web pages is made of: with a mouse, with a mouse and no scripts, or by the keys alone.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';

const require = createRequire(`${process.env.BROWSER_TOOLS}/pages.mjs`);
const { chromium } = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

export const [address, journey, ...given] = process.argv.slice(2);
const QUIET = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync',
];
const WIDTHS = [320, 768, 1280];
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
// So often is Tab pressed at most to reach something.
const PRESSES = 300;

export function must(holds, what) {
  if (!holds) throw new Error(what);
}

// A browser, and how somebody goes about in it: `with-scripts`, `without-scripts`, `by-keys`.
export async function open(options = {}, how = 'with-scripts') {
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || '/usr/bin/chromium', args: QUIET });
  const javaScriptEnabled = how !== 'without-scripts';
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, javaScriptEnabled, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  page.byKeys = how === 'by-keys';
  page.faults = [];
  const ours = (message) => message.type() === 'error' && message.location().url.startsWith(address);
  page.on('console', (message) => ours(message) && page.faults.push(message.text()));
  page.on('pageerror', (error) => page.faults.push(error.message));
  return { browser, context, page };
}

// Whether this is where the keys are, or a button of the group is where they are.
const isThere = (node) => {
  const here = document.activeElement;
  return here === node || (node.type === 'radio' && here?.type === 'radio' && here.name === node.name);
};

// By the keys to this, from wherever one is: where they are is seen.
async function reach(page, target) {
  await target.waitFor({ state: 'attached' });
  for (let presses = 0; presses < PRESSES; presses += 1) {
    if (await target.evaluate(isThere)) {
      const style = await page.evaluate(() => {
        const style = getComputedStyle(document.activeElement);
        return [style.outlineStyle, style.boxShadow, style.backgroundColor].join(' ');
      });
      must(!style.startsWith('none none rgba(0, 0, 0, 0)'), `where the keys are is not seen: ${await target.innerText()} (${style})`);
      return;
    }
    await page.keyboard.press('Tab');
  }
  throw new Error(`the keys do not reach ${target}`);
}

// Something that leads to a page: its press, and the page.
export async function click(page, target) {
  if (!page.byKeys) return target.click();
  await reach(page, target);
  await Promise.all([page.waitForEvent('framenavigated'), page.keyboard.press('Enter')]);
  return page.waitForLoadState('load');
}

export const heading = (page) => page.locator('h1').innerText();
export const text = (page) => page.locator('main').innerText();
export const press = (page, name) => click(page, page.getByRole('button', { name, exact: true }).first());
export const follow = (page, name) => click(page, page.getByRole('link', { name }).first());

// Says what is wrong unless these words stand on the page.
export async function says(page, words) {
  const there = await text(page);
  must(there.includes(words), `it is not said: ${words}\n${there}`);
}

// Shows what is put away under these words.
export async function expand(page, words) {
  const target = page.locator('summary', { hasText: words }).first();
  if (!page.byKeys) return target.click();
  await reach(page, target);
  return page.keyboard.press('Enter');
}

export async function check(page, label, exact = true) {
  const target = page.getByLabel(label, { exact }).first();
  if (await target.isChecked()) return undefined;
  if (!page.byKeys) return target.check();
  await reach(page, target);
  if ((await target.getAttribute('type')) !== 'radio') return page.keyboard.press('Space');
  for (let presses = 0; presses < 30; presses += 1) {
    if ((await target.evaluate((node) => document.activeElement === node)) && (await target.isChecked())) return undefined;
    await page.keyboard.press((await target.evaluate((node) => document.activeElement === node)) ? 'Space' : 'ArrowDown');
  }
  throw new Error(`the keys do not choose ${label}`);
}

export async function fill(page, label, words, nth = 0) {
  const target = page.getByLabel(label, { exact: true }).nth(nth);
  if (!page.byKeys) return target.fill(words);
  await reach(page, target);
  await page.keyboard.press('Control+A');
  return page.keyboard.type(words);
}

export async function select(page, label, option) {
  const target = page.getByLabel(label, { exact: true });
  if (!page.byKeys) return target.selectOption({ label: option });
  await reach(page, target);
  return page.keyboard.type(option);
}

// What comes as a file when this button is pressed.
export async function kept(page, name) {
  const target = page.getByRole('button', { name, exact: true }).first();
  const pressed = async () => {
    if (!page.byKeys) return target.click();
    await reach(page, target);
    return page.keyboard.press('Enter');
  };
  const [file] = await Promise.all([page.waitForEvent('download'), pressed()]);
  return { name: file.suggestedFilename(), text: readFileSync(await file.path(), 'utf8') };
}

// As a sample person, or at their identity provider.
export async function signIn(page, who) {
  await page.goto(address);
  const sample = page.getByRole('button', { name: who, exact: true });
  if (await sample.count()) {
    await click(page, sample);
  } else {
    await atProvider(page, who);
  }
  await page.waitForURL((url) => url.origin === new URL(address).origin && url.pathname === '/');
}

export async function atProvider(page, subject) {
  await follow(page, 'Sign in');
  await page.locator('input[name=login]').fill(subject);
  await page.locator('input[name=password]').fill('any');
  await page.locator('button[type=submit]').click();
  await page.locator('button[type=submit]').click();
}

// What a machine can find on this page, and whether it is wider than the screen.
export async function inspect(page, name, shots) {
  // What is put away is looked at, too.
  await page.evaluate(() => document.querySelectorAll('main details').forEach((part) => { part.open = true; }));
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 900 });
    if (shots) await page.screenshot({ path: `${shots}/${name}-${width}.png`, fullPage: true });
    await page.evaluate(axe);
    const found = await page.evaluate((rules) => window.axe.run({ runOnly: rules }), RULES);
    const said = (rule) => `${rule.id}: ${rule.nodes.map((node) => node.html).join(' | ')}`;
    must(found.violations.length === 0, `${name} at ${width}: ${found.violations.map(said).join('; ')}`);
    must(found.incomplete.length === 0, `${name} at ${width} is unsure: ${found.incomplete.map(said).join('; ')}`);
    const wide = await page.evaluate(() => {
      if (document.documentElement.scrollWidth <= window.innerWidth) return '';
      const out = [...document.querySelectorAll('main *')].filter((node) => node.getBoundingClientRect().right > window.innerWidth);
      return out.map((node) => node.outerHTML.slice(0, 80)).join(' | ') || 'something';
    });
    must(!wide, `${name} at ${width} scrolls sideways: ${wide}`);
  }
  await page.setViewportSize({ width: 1280, height: 900 });
}

export async function leaveByKeys(page) {
  for (let presses = 0; presses < 3; presses += 1) await page.keyboard.press('Escape');
}
