// Drives the web pages in a real browser: `node pages.mjs <address> <journey> [arguments]`. Says what went wrong, and then fails.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';

const require = createRequire(`${process.env.BROWSER_TOOLS}/pages.mjs`);
const { chromium } = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

const [address, journey, ...given] = process.argv.slice(2);
const QUIET = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync',
];
const WIDTHS = [320, 768, 1280];
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

function must(holds, what) {
  if (!holds) throw new Error(what);
}

async function open(options = {}) {
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || '/usr/bin/chromium', args: QUIET });
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  page.faults = [];
  const ours = (message) => message.type() === 'error' && message.location().url.startsWith(address);
  page.on('console', (message) => ours(message) && page.faults.push(message.text()));
  page.on('pageerror', (error) => page.faults.push(error.message));
  return { browser, context, page };
}

const heading = (page) => page.locator('h1').innerText();
const press = (page, name) => page.getByRole('button', { name, exact: true }).click();
const follow = (page, name) => page.getByRole('link', { name }).first().click();

// The first step of changing who can see what.
async function choose(page, who, may, headings) {
  await page.getByLabel(who).first().check();
  await page.getByLabel(may, { exact: true }).check();
  for (const name of headings) await page.getByLabel(name, { exact: true }).check();
  await press(page, 'Go on');
}

async function signIn(page, name) {
  await page.goto(address);
  await press(page, name);
  await page.waitForURL(`${address}/`);
}

// What a machine can find on this page, and whether it is wider than the screen.
async function inspect(page, name, shots) {
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 900 });
    if (shots) await page.screenshot({ path: `${shots}/${name}-${width}.png`, fullPage: true });
    await page.evaluate(axe);
    const found = await page.evaluate((rules) => window.axe.run({ runOnly: rules }), RULES);
    const said = (rule) => `${rule.id}: ${rule.nodes.map((node) => node.html).join(' | ')}`;
    must(found.violations.length === 0, `${name} at ${width}: ${found.violations.map(said).join('; ')}`);
    must(found.incomplete.length === 0, `${name} at ${width} is unsure: ${found.incomplete.map(said).join('; ')}`);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);
    must(!wide, `${name} at ${width} scrolls sideways`);
  }
  await page.setViewportSize({ width: 1280, height: 900 });
}

const journeys = {
  // Every page, in light and in dark, on three screens.
  async inspected(name, shots) {
    for (const colorScheme of ['light', 'dark']) {
      const { browser, page } = await open({ bypassCSP: true, colorScheme });
      const seen = (what) => inspect(page, `${what}-${colorScheme}`, shots);
      await page.goto(address);
      await seen('sign-in');
      await signIn(page, name);
      await seen('home');
      for (const place of ['Who has looked', 'Who can see what', 'What is written', 'My people', 'What happened']) {
        await follow(page, place);
        must((await heading(page)) === place, `${place} begins with ${await heading(page)}`);
        await seen(place.toLowerCase().replaceAll(' ', '-'));
      }
      await follow(page, 'Who has looked');
      await page.locator('summary').click();
      await seen('filtered');
      await page.locator('main li a', { hasText: 'looked at your' }).first().click();
      await seen('receipt');
      await follow(page, 'Who can see what');
      await page.locator('main a[href^="/2/"]').first().click();
      await seen('choice');
      await follow(page, 'Who can see what');
      await follow(page, 'Change who can see what');
      await seen('change');
      await press(page, 'Go on');
      must((await page.getByRole('alert').first().innerText()).includes('Choose who it is about.'), 'it is not said what is missing');
      await seen('change-missing');
      await choose(page, 'Everybody at', 'They may not see it', ['My goals']);
      await seen('change-asked');
      await follow(page, 'My people');
      for (const state of ['proposed', 'active', 'suggested']) {
        const row = page.locator('main a[href^="/4/"]').nth(['proposed', 'active', 'suggested'].indexOf(state));
        if (!(await row.count())) continue;
        await row.click();
        await seen(`relationship-${state}`);
        await follow(page, 'My people');
      }
      await follow(page, 'What is written');
      await page.locator('main a[href^="/6/"]').first().click();
      await seen('entry');
      await follow(page, 'Can everybody use these pages?');
      await seen('statement');
      await page.goto(`${address}/nowhere`);
      await seen('nothing');
      await browser.close();
    }
  },

  // The three main pages, as pictures.
  async pictured(name, shots) {
    const { browser, page } = await open({ viewport: { width: 480, height: 720 } });
    await signIn(page, name);
    for (const [place, file] of [['Start', 'home'], ['Who has looked', 'looked'], ['Who can see what', 'sharing']]) {
      await follow(page, place);
      await page.screenshot({ path: `${shots}/${file}.png` });
    }
    await browser.close();
  },

  // Who looked, why, stop it: counted from the page that comes after signing in.
  async stopped(name, scripts) {
    const { browser, page } = await open({ javaScriptEnabled: scripts !== 'without-scripts' });
    await signIn(page, name);
    let clicks = 0;
    const click = async (what) => { await what.click(); clicks += 1; };
    await click(page.getByRole('link', { name: 'See who has looked' }));
    await click(page.locator('main li a', { hasText: 'looked at your' }).first());
    await page.getByLabel('Your question').fill('Why did you look, and what for?');
    await click(page.getByRole('button', { name: 'Ask', exact: true }));
    await page.getByText('Why did you look, and what for?').waitFor();
    await page.getByText('They have until').waitFor();
    await click(page.getByRole('link', { name: 'Stop this' }).first());
    must((await heading(page)) === 'Stop this?', await heading(page));
    must((await page.locator('main').innerText()).includes('see nothing'), 'it is not said what would be so then');
    await click(page.getByRole('button', { name: 'Yes, stop this' }));
    must(new URL(page.url()).pathname === '/2', page.url());
    must(await page.getByText('You let nobody see anything.').count(), 'the choice still stands');
    must(clicks <= 5, `it takes ${clicks} clicks`);
    must(page.faults.length === 0, page.faults.join('; '));
    await browser.close();
  },

  // Letting an agency see something, keeping something from it, shutting it out, and letting it in again.
  async chosen(name, scripts) {
    const { browser, page } = await open({ javaScriptEnabled: scripts !== 'without-scripts' });
    await signIn(page, name);
    const change = async (may, headings) => {
      await follow(page, 'Who can see what');
      await follow(page, 'Change who can see what');
      await choose(page, 'Everybody at', may, headings);
      must((await heading(page)) === 'Is this what you want?', await heading(page));
      const told = await page.locator('main').innerText();
      must(/^\/7$/.test(new URL(page.url()).pathname) && !/[0-9a-f]{8}-/.test(page.url()), page.url());
      await press(page, 'Yes, do this');
      must(new URL(page.url()).pathname === '/2', page.url());
      return told;
    };
    const then = await change('They may see it', ['My goals', 'My health']);
    must(then.includes('may see this: My goals, My health') && then.includes('see'), then);
    await page.getByText('goals').first().waitFor();
    await change('They may not see it', ['My health']);
    await page.getByText('What you keep from others').waitFor();
    await change('Shut them out of everything', []);
    await page.getByText('Whom you have shut out').waitFor();
    if (scripts === 'without-scripts') {
      await page.locator('main a[href^="/7?back="]').first().click();
      must((await heading(page)) === 'Is this what you want?', await page.locator('main').innerText());
      await press(page, 'Yes, do this');
      must(!(await page.getByText('Whom you have shut out').count()), 'they are shut out still');
    }
    must(page.faults.length === 0, page.faults.join('; '));
    await browser.close();
  },

  // Writing in one's record, answering back, putting right.
  async written(name, scripts) {
    const { browser, page } = await open({ javaScriptEnabled: scripts !== 'without-scripts' });
    await signIn(page, name);
    await follow(page, 'What is written');
    await page.getByLabel('What is it?').selectOption({ label: 'What I do to stay well' });
    await page.getByLabel('Say it in your words').fill('<b>I walk</b> by the river & sing');
    await press(page, 'Add it');
    await page.getByRole('link', { name: '<b>I walk</b> by the river & sing' }).click();
    must((await heading(page)) === 'What it says', await heading(page));
    await page.getByLabel('What it should say').fill('I walk by the sea');
    await page.getByLabel('Why?').fill('the river is far');
    await press(page, 'Put it right');
    await page.getByText('It was put right. Before, it said: “<b>I walk</b> by the river & sing”').waitFor();
    await follow(page, 'All that is written');
    await page.locator('main li a').filter({ hasNotText: 'I walk' }).first().click();
    await page.getByLabel('What do you want to say?').selectOption({ label: 'These words hurt' });
    await page.getByLabel('Your words').fill('I am not a case');
    await press(page, 'Say it');
    await page.getByText('I am not a case').first().waitFor();
    must(page.faults.length === 0, page.faults.join('; '));
    await browser.close();
  },

  // By the keys alone: sign in, accept an offer, end it.
  async keyed(name) {
    const { browser, page } = await open();
    await page.goto(address);
    const reach = async (text) => {
      for (let presses = 0; presses < 80; presses += 1) {
        await page.keyboard.press('Tab');
        const here = await page.evaluate(() => document.activeElement?.innerText?.trim() || document.activeElement?.name || '');
        if (here.startsWith(text)) return;
      }
      throw new Error(`the keys do not reach ${text}`);
    };
    const go = async (text) => {
      await reach(text);
      const style = await page.evaluate(() => {
        const style = getComputedStyle(document.activeElement);
        return [style.outlineStyle, style.boxShadow, style.backgroundColor].join(' ');
      });
      must(!style.startsWith('none none rgba(0, 0, 0, 0)'), `where the keys are is not seen: ${text} (${style})`);
      await Promise.all([page.waitForLoadState('load'), page.keyboard.press('Enter')]);
      await page.waitForLoadState('load');
    };
    await go(name);
    await page.waitForURL(`${address}/`);
    await go('My people');
    await page.waitForURL(`${address}/4`);
    const row = await page.locator('main a[href^="/4/"]').first().innerText();
    await go(row);
    await page.waitForURL(`${address}/4/**`);
    await go('End their support');
    await page.waitForURL(`${address}/4?*`);
    must((await page.locator('main').innerText()).includes('It ended: Today.'), 'it has not ended');
    await browser.close();
  },

  // A phone that somebody else holds, and somebody who looks over a shoulder.
  async private(name) {
    const { browser, context, page } = await open();
    await signIn(page, name);
    const titles = new Set([await page.title()]);
    for (const place of ['Who has looked', 'Who can see what', 'My people', 'What happened']) {
      await follow(page, place);
      titles.add(await page.title());
      must(/^\/\d$/.test(new URL(page.url()).pathname), page.url());
    }
    // What is kept has a name that tells nothing, and no address leads to it.
    await follow(page, 'Who has looked');
    for (const [button, name, says] of [['Keep a table', '1.csv', 'When,What'], ['Keep a page to print', '1.html', '<html']]) {
      const [kept] = await Promise.all([page.waitForEvent('download'), press(page, button)]);
      must(kept.suggestedFilename() === name, kept.suggestedFilename());
      must(readFileSync(await kept.path(), 'utf8').includes(says), `${name} says something else`);
    }
    must(titles.size === 1 && titles.has('My pages'), [...titles].join(', '));
    const stolen = await context.cookies();
    must(stolen.every((cookie) => cookie.httpOnly && cookie.sameSite === 'Lax'), JSON.stringify(stolen));
    // Signed out, nothing is there: not by a step back, nor by an address, nor with what the browser had.
    await press(page, 'Sign out');
    await page.waitForURL(`${address}/in`);
    await page.goBack();
    await page.waitForURL(`${address}/in`);
    await page.goto(`${address}/5`);
    must(page.url() === `${address}/in`, page.url());
    await context.addCookies(stolen);
    await page.goto(`${address}/1`);
    must(page.url() === `${address}/in`, 'what the browser had is good after signing out');
    // Everywhere at once.
    const other = await open();
    await signIn(other.page, name);
    await signIn(page, name);
    await press(page, 'Sign out everywhere');
    await page.waitForURL(`${address}/in`);
    await other.page.goto(`${address}/1`);
    must(other.page.url() === `${address}/in`, 'the other browser is signed in still');
    await other.browser.close();
    // Away at once, and signed out.
    for (const leave of [() => follow(page, 'Leave this page quickly'), () => press3(page)]) {
      await signIn(page, name);
      const before = await context.cookies();
      // It is away, wherever that leads from here.
      const away = page.waitForRequest('https://www.bbc.co.uk/weather');
      await Promise.all([away, leave().catch(() => undefined)]);
      await page.waitForTimeout(500);
      await context.addCookies(before);
      await page.goto(`${address}/1`);
      must(page.url() === `${address}/in`, 'who has left is signed in still');
    }
    // A form of another site does nothing, nor does one that is too old.
    await signIn(page, name);
    const sent = (headers, body) => context.request.post(`${address}/out`, { headers, data: body, maxRedirects: 0 });
    const forged = await sent({ 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'cross-site' }, '');
    must(forged.status() === 403, `a form of another site is answered with ${forged.status()}`);
    must((await forged.text()).includes('That page was too old'), 'what is refused is no page');
    must(forged.headers()['content-security-policy'] && forged.headers()['cache-control'] === 'no-store', 'a refusal has fewer headers');
    must((await sent({ origin: 'null' }, '')).status() === 403, 'a form of nowhere is taken');
    must((await sent({}, '')).status() === 403, 'a form that does not say where from is taken');
    await page.goto(`${address}/1`);
    must((await heading(page)) === 'Who has looked', 'another site has signed them out');
    const asked = (path, headers) => context.request.get(address + path, { headers, maxRedirects: 0 });
    for (const path of ['/1?agency=many', '/1?from=soon']) {
      const odd = await asked(path, {});
      must(odd.status() >= 400 && odd.status() < 500 && (await odd.text()).includes('We did not get that'), `${path}: ${odd.status()}`);
      must(odd.headers()['referrer-policy'] === 'same-origin' && odd.headers()['cache-control'] === 'no-store', `${path} has fewer headers`);
    }
    must((await asked('/out', {})).status() === 404, 'signing out is a form');
    must((await asked('/1?agency=99', {})).status() === 404, 'an agency that is none is all of them');
    // Whoever is not signed in signs nobody else out, and is told so.
    const early = await open();
    const out = await early.context.request.post(`${address}/out`, { headers: { origin: address }, form: { everywhere: '1' }, maxRedirects: 0 });
    must(out.status() === 403 && (await out.text()).includes('not elsewhere'), `signing out everywhere is answered with ${out.status()}`);
    await early.browser.close();
    // An old browser says where from in another way, or in none.
    const before = await context.cookies();
    await asked('/leave', { referer: 'https://other.example/' });
    await page.goto(`${address}/1`);
    must((await heading(page)) === 'Who has looked', 'a link of another site has signed them out');
    await asked('/leave', { referer: `${address}/1` });
    await context.addCookies(before);
    await page.goto(`${address}/1`);
    must(page.url() === `${address}/in`, 'a browser of yesterday signs nobody out');
    await browser.close();
  },

  // Signing in at an identity provider, and claiming a place with a code.
  async provided(subject, code) {
    const { browser, page } = await open();
    const atProvider = async () => {
      await page.goto(address);
      await follow(page, 'Sign in');
      await page.locator('input[name=login]').fill(subject);
      await page.locator('input[name=password]').fill('any');
      await page.locator('button[type=submit]').click();
      await page.locator('button[type=submit]').click();
    };
    await atProvider();
    await page.waitForURL(`${address}/in/code`);
    await page.goto(`${address}/1`);
    must(page.url() === `${address}/in/code`, 'somebody who is not known here yet sees a page');
    await page.getByLabel('Your code', { exact: true }).fill('AAAA-BBBB');
    await press(page, 'Go on');
    must((await heading(page)) === 'That can not be done' || (await heading(page)) === 'There is nothing here', await heading(page));
    await page.goBack();
    await page.getByLabel('Your code', { exact: true }).fill(code.toLowerCase());
    await press(page, 'Go on');
    await page.waitForURL(`${address}/?*`);
    must((await heading(page)) === 'Your pages', await heading(page));
    await follow(page, 'What happened');
    must((await page.locator('main li').count()) > 0, 'nothing is told of what happened');
    await press(page, 'Sign out');
    await page.waitForURL(`${address}/in`);
    // Whoever holds the browser next is not them.
    await follow(page, 'Sign in');
    await page.locator('input[name=login]').waitFor();
    // What was brought back once is good for nothing.
    await page.goto(`${address}/in/back?code=abc&state=def`);
    must((await heading(page)) === 'You are not signed in', await heading(page));
    must(page.faults.every((fault) => fault.includes('status of 4')), page.faults.join('; '));
    await browser.close();
  },
};

async function press3(page) {
  for (let presses = 0; presses < 3; presses += 1) await page.keyboard.press('Escape');
}

await journeys[journey](...given);
