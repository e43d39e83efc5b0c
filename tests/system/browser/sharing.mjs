// Who looked, why, stop it; and changing who can see what.
import { check, click, expand, fill, follow, heading, must, open, press, says, signIn, text } from './steps.mjs';

// The first step of changing who can see what.
export async function choose(page, who, may, headings) {
  await check(page, who, false);
  await check(page, may);
  for (const name of headings) await check(page, name);
  await press(page, 'Go on');
}

export default {
  // Who looked, why, stop it: counted from the page that comes after signing in.
  async stopped(who, how) {
    const { browser, page } = await open({}, how);
    await signIn(page, who);
    let clicks = 0;
    const one = async (what) => { await click(page, what); clicks += 1; };
    await one(page.getByRole('link', { name: 'See who has looked' }));
    await one(page.locator('main li a', { hasText: 'looked at your' }).first());
    await fill(page, 'Your question', 'Why did you look, and what for?');
    await one(page.getByRole('button', { name: 'Ask', exact: true }));
    await page.getByText('Why did you look, and what for?').first().waitFor();
    await page.getByText('They have until').first().waitFor();
    await one(page.getByRole('link', { name: 'Stop this' }).first());
    must((await heading(page)) === 'Stop this?', await heading(page));
    must((await text(page)).includes('see nothing'), 'it is not said what would be so then');
    await one(page.getByRole('button', { name: 'Yes, stop this' }));
    must(new URL(page.url()).pathname === '/2', page.url());
    must(await page.getByText('You let nobody see anything.').count(), 'the choice still stands');
    must(clicks <= 5, `it takes ${clicks} clicks`);
    must(page.faults.length === 0, page.faults.join('; '));
    await browser.close();
  },

  // Letting an agency see something and then less, keeping something from it, shutting it out, and letting it in again.
  async chosen(who, how) {
    const { browser, page } = await open({}, how);
    await signIn(page, who);
    const change = async (may, headings, last = async () => undefined) => {
      await follow(page, 'Who can see what');
      await follow(page, 'Change who can see what');
      await choose(page, 'Everybody at', may, headings);
      must((await heading(page)) === 'Is this what you want?', await text(page));
      const told = await text(page);
      must(/^\/7$/.test(new URL(page.url()).pathname) && !/[0-9a-f]{8}-/.test(page.url()), page.url());
      await last();
      await press(page, 'Yes, do this');
      must(new URL(page.url()).pathname === '/2', page.url());
      return told;
    };
    const quietly = async () => {
      await expand(page, 'Who is told of this?');
      await check(page, 'Do not tell their computer system');
    };
    const then = await change('They may see it', ['My goals', 'My health', 'Talks and choices'], quietly);
    must(then.includes('may see this: My goals, My health, Talks and choices') && then.includes('see'), then);
    await page.getByText('goals').first().waitFor();
    // Of that, less.
    await follow(page, 'Stop this');
    await check(page, 'My goals');
    await check(page, 'My health');
    await press(page, 'Go on');
    must((await heading(page)) === 'Let them see less?', await heading(page));
    await says(page, 'Only this would stay: My goals, My health.');
    await press(page, 'Yes, let them see less');
    must(!(await text(page)).includes('consultations'), await text(page));
    await change('They may not see it', ['My health']);
    await page.getByText('What you keep from others').waitFor();
    await change('Shut them out of everything', []);
    await page.getByText('Whom you have shut out').waitFor();
    await click(page, page.locator('main a[href^="/7?back="]').first());
    must((await heading(page)) === 'Is this what you want?', await text(page));
    await press(page, 'Yes, do this');
    must(!(await page.getByText('Whom you have shut out').count()), 'they are shut out still');
    must(page.faults.length === 0, page.faults.join('; '));
    await browser.close();
  },
};
