// What is written, who supports the person, codes that they give, and their own copy.
import { click, fill, follow, heading, kept, must, open, press, says, select, signIn, text } from './steps.mjs';

export default {
  // Writing in one's record, answering back, putting right.
  async written(who, how) {
    const { browser, page } = await open({}, how);
    await signIn(page, who);
    await follow(page, 'What is written');
    await select(page, 'What is it?', 'What I do to stay well');
    await fill(page, 'Say it in your words', '<b>I walk</b> by the river & sing');
    await press(page, 'Add it');
    await follow(page, '<b>I walk</b> by the river & sing');
    must((await heading(page)) === 'What it says', await heading(page));
    await fill(page, 'What it should say', 'I walk by the sea');
    await fill(page, 'Why?', 'the river is far');
    await press(page, 'Put it right');
    await page.getByText('It was put right. Before, it said: “<b>I walk</b> by the river & sing”').waitFor();
    await follow(page, 'All that is written');
    await click(page, page.locator('main li a').filter({ hasNotText: 'I walk' }).first());
    await select(page, 'What do you want to say?', 'These words hurt');
    await fill(page, 'Your words', 'I am not a case');
    await press(page, 'Say it');
    await page.getByText('I am not a case').first().waitFor();
    must(page.faults.length === 0, page.faults.join('; '));
    await browser.close();
  },

  // Ending somebody's support.
  async ended(who, how) {
    const { browser, page } = await open({}, how);
    await signIn(page, who);
    await follow(page, 'My people');
    await click(page, page.locator('main a[href^="/4/"]').first());
    await press(page, 'End their support');
    await says(page, 'It ended: Today.');
    must(page.faults.length === 0, page.faults.join('; '));
    await browser.close();
  },

  // A code for somebody by whom one wants to be found, on paper, too; and making it useless.
  async given(who, how) {
    const { browser, page } = await open({}, how);
    await signIn(page, who);
    await follow(page, 'My people');
    await follow(page, 'Give somebody a code');
    await fill(page, 'What do you want to say to them? You need not say anything.', 'We met at the library');
    await press(page, 'Make a code');
    const code = /[0-9A-Z]{4}(-[0-9A-Z]{4})+/.exec(await text(page))?.[0];
    must(code, await text(page));
    const paper = await kept(page, 'Keep a page to print');
    must(paper.name === '11.html' && paper.text.includes(code), 'another code is on paper');
    await follow(page, 'All codes');
    await says(page, 'We met at the library');
    must(!(await text(page)).includes(code), 'a code is told twice');
    await press(page, /^Make it useless/);
    await says(page, 'You made it useless: Today.');
    must(page.faults.length === 0, page.faults.join('; '));
    await browser.close();
  },

  // All that is held about somebody, as a file and on paper.
  async copied(who, how, words) {
    const { browser, page } = await open({}, how);
    await signIn(page, who);
    await follow(page, 'What is written');
    await follow(page, 'Keep a copy of all that is held about me');
    const file = await kept(page, 'Keep a file for a program');
    const all = JSON.parse(file.text);
    must(file.name === '12.json' && all.incomplete === false, file.name);
    for (const part of ['entries', 'relationships', 'receipts', 'timeline', 'consultations']) must(all[part].length > 0, `no ${part}`);
    must(all.entries.every((entry) => entry.entryId && entry.category.startsWith('RECORD_CATEGORY_')), JSON.stringify(all.entries[0]));
    must(file.text.includes(words), `the file does not say ${words}`);
    const paper = await kept(page, 'Keep pages to print');
    must(paper.name === '12.html' && paper.text.includes(words) && !paper.text.includes('<script'), 'the pages say something else');
    must(!/>Today|: Today/.test(paper.text), 'paper says today');
    must(page.faults.length === 0, page.faults.join('; '));
    await browser.close();
  },

  // What other computers received, and what they were asked to give back.
  async went(who, how, ...words) {
    const { browser, page } = await open({}, how);
    await signIn(page, who);
    await follow(page, 'My people');
    await follow(page, 'See what other computers have received');
    for (const said of words) await says(page, said);
    must(page.faults.length === 0, page.faults.join('; '));
    await browser.close();
  },
};
