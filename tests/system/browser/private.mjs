// A phone that somebody else holds, and coming in.
import { address, atProvider, follow, heading, kept, leaveByKeys, must, open, press, signIn } from './steps.mjs';

export default {
  // A phone that somebody else holds, and somebody who looks over a shoulder.
  async private(name) {
    const { browser, context, page } = await open();
    await signIn(page, name);
    const titles = new Set([await page.title()]);
    for (const place of ['Who has looked', 'Who can see what', 'Talks and choices', 'My people', 'What happened']) {
      await follow(page, place);
      titles.add(await page.title());
      must(/^\/\d$/.test(new URL(page.url()).pathname), page.url());
    }
    // What is kept has a name that tells nothing, and no address leads to it.
    await follow(page, 'Who has looked');
    for (const [button, name, says] of [['Keep a table', '1.csv', 'When,What'], ['Keep a page to print', '1.html', '<html']]) {
      const file = await kept(page, button);
      must(file.name === name, file.name);
      must(file.text.includes(says), `${name} says something else`);
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
    for (const leave of [() => follow(page, 'Leave this page quickly'), () => leaveByKeys(page)]) {
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
    await page.goto(address);
    await atProvider(page, subject);
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
