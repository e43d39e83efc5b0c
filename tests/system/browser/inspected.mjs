// What a machine can find on every page, and pictures of them.
import { choose } from './sharing.mjs';
import { address, follow, heading, inspect, must, open, press, signIn } from './steps.mjs';

export default {
  // Every page, in light and in dark, on three screens.
  async inspected(name, shots) {
    for (const colorScheme of ['light', 'dark']) {
      const { browser, page } = await open({ bypassCSP: true, colorScheme });
      const seen = (what) => inspect(page, `${what}-${colorScheme}`, shots);
      await page.goto(address);
      await seen('sign-in');
      await signIn(page, name);
      await seen('home');
      for (const place of ['Who has looked', 'Who can see what', 'What is written', 'Talks and choices', 'My people', 'What happened']) {
        await follow(page, place);
        must((await heading(page)) === place, `${place} begins with ${await heading(page)}`);
        await seen(place.toLowerCase().replaceAll(' ', '-'));
      }
      await follow(page, 'Who has looked');
      await follow(page, 'A picture of who looked when');
      must((await page.locator('main td').count()) > 0 && (await page.locator('main circle').count()) > 0, 'the picture is empty');
      await seen('picture');
      await follow(page, 'Who has looked');
      await page.locator('main li a', { hasText: 'looked at your' }).first().click();
      await seen('receipt');
      await follow(page, 'Who can see what');
      await page.locator('main a[href^="/2/"]').first().click();
      await seen('choice');
      await follow(page, 'Who can see what');
      await follow(page, 'See what other computers have received');
      await seen('went');
      await follow(page, 'Who can see what');
      await follow(page, 'Change who can see what');
      await seen('change');
      await press(page, 'Go on');
      must((await page.getByRole('alert').first().innerText()).includes('Choose who it is about.'), 'it is not said what is missing');
      await seen('change-missing');
      await choose(page, 'Everybody at', 'They may see it', ['My goals', 'My health']);
      await seen('change-asked');
      await follow(page, 'My people');
      for (const state of ['proposed', 'active', 'suggested']) {
        const row = page.locator('main a[href^="/4/"]').nth(['proposed', 'active', 'suggested'].indexOf(state));
        if (!(await row.count())) continue;
        await row.click();
        await seen(`relationship-${state}`);
        await follow(page, 'My people');
      }
      await follow(page, 'My people');
      await follow(page, 'Give somebody a code');
      await press(page, 'Make a code');
      await seen('code');
      await follow(page, 'All codes');
      await seen('codes');
      await follow(page, 'Talks and choices');
      await follow(page, 'Say how to talk with me');
      await seen('talking');
      await follow(page, 'All talks and choices');
      await page.locator('main a[href^="/8/"]').first().click();
      for (const layout of ['As usual', 'In large letters', 'One thing at a time']) {
        await follow(page, layout);
        await seen(`talk-${layout.toLowerCase().replaceAll(' ', '-')}`);
      }
      await follow(page, 'All talks and choices');
      await page.locator('main a[href^="/9/"]').first().click();
      await seen('survey');
      await follow(page, 'What is written');
      await follow(page, 'Keep a copy of all that is held about me');
      await seen('copy');
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
};
