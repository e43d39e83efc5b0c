// Talks and choices: what the person is asked, what they say, and what came of it.
import { check, click, expand, fill, follow, heading, kept, must, open, press, says, signIn, text } from './steps.mjs';

const layout = (page) => page.locator('main > div').first().getAttribute('class');
const tops = async (boxes) => {
  const all = await boxes.all();
  return Promise.all(all.map(async (box) => (await box.boundingBox()).y));
};

export default {
  // What waits is found from the start; how to talk with them stands first; they say what they think, and agree.
  async talked(who, how, topic) {
    const { browser, page } = await open({}, how);
    await signIn(page, who);
    await follow(page, 'talk waits for you');
    await follow(page, topic);
    must((await heading(page)) === topic, await heading(page));
    must((await page.locator('main h2').first().innerText()) === 'How to talk with me', 'something else stands first');
    const options = page.locator('.portal_beside li');
    must(new Set(await tops(options)).size === 1, 'options do not stand side by side');
    await page.setViewportSize({ width: 320, height: 900 });
    must(new Set(await tops(options)).size === 2, 'options do not stand one under the other');
    await page.setViewportSize({ width: 1280, height: 900 });
    // Who needs large letters gets them.
    await follow(page, 'Say how to talk with me');
    await check(page, 'Large print');
    await fill(page, 'In which language do you want to talk?', 'Scots');
    await press(page, 'Save it');
    await says(page, 'Large print');
    await follow(page, topic);
    must((await layout(page)) === 'portal_layout-2', await layout(page));
    await follow(page, 'One thing at a time');
    must((await layout(page)) === 'portal_layout-3', await layout(page));
    await fill(page, 'What do you think of it?', 'Mornings suit me');
    await press(page, 'Yes, I agree');
    must((await layout(page)) === 'portal_layout-3', 'the page comes back in another layout');
    await says(page, 'You said yes: Today.');
    await says(page, 'They must tell you by');
    await follow(page, 'As usual');
    await expand(page, 'Put something on the list');
    await fill(page, 'What do you want to talk about?', 'The key under the mat');
    await press(page, 'Put it on the list');
    await press(page, /^We talked about it/);
    await says(page, 'Talked about.');
    await fill(page, 'What you think', 'All in all it is well');
    await press(page, 'Say only what I think');
    await press(page, /All in all it is well/);
    must(!(await page.getByText('All in all it is well').first().isVisible().catch(() => false)), 'what was taken back is told');
    const paper = await kept(page, 'Keep a page to print');
    must(paper.name === '8.html' && paper.text.includes(topic), paper.name);
    must(page.faults.length === 0, page.faults.join('; '));
    await browser.close();
  },

  // What they were told of it is not so.
  async disputed(who, how, topic) {
    const { browser, page } = await open({}, how);
    await signIn(page, who);
    await follow(page, 'Talks and choices');
    await follow(page, topic);
    await follow(page, 'As usual');
    await says(page, 'It was done.');
    await expand(page, 'Say something about this');
    await fill(page, 'Your words', 'Nobody came');
    await press(page, 'What they told me is not so');
    await says(page, 'This is not so: Nobody came');
    must(page.faults.length === 0, page.faults.join('; '));
    await browser.close();
  },

  // Asking for a talk that they lead, saying no to nobody but themselves, and ending it.
  async led(who, how, worker) {
    const { browser, page } = await open({}, how);
    await signIn(page, who);
    await follow(page, 'Talks and choices');
    await fill(page, 'What is it about?', 'My garden');
    await check(page, 'I want to lead');
    await check(page, worker, false);
    await press(page, 'Ask for it');
    must((await heading(page)) === 'My garden', await heading(page));
    await follow(page, 'As usual');
    await says(page, 'Only those whom you chose know of this talk.');
    await expand(page, 'Say what is to be done');
    await fill(page, 'What is to be done?', 'Plant roses');
    await press(page, 'Put it forward');
    await says(page, 'You put this forward');
    // Nothing is agreed before they have said what they think.
    must(await page.getByLabel('What do you think of it?').evaluate((words) => words.required), 'a yes needs no words');
    await fill(page, 'What do you think of it?', 'I like roses');
    await press(page, 'Yes, I agree');
    await says(page, 'You said yes: Today.');
    await expand(page, 'End it, or change who knows of it');
    await press(page, 'Let them all know of it');
    must(!(await text(page)).includes('Only those whom you chose'), 'it is kept still');
    await expand(page, 'End it, or change who knows of it');
    await press(page, 'It is over');
    await says(page, 'It is over.');
    must(page.faults.length === 0, page.faults.join('; '));
    await browser.close();
  },

  // Not wanting to choose, and taking that back; saying no, and taking that back.
  async unsure(who, how, topic) {
    const { browser, page } = await open({}, how);
    await signIn(page, who);
    await follow(page, 'talk waits for you');
    await follow(page, topic);
    await follow(page, 'As usual');
    await press(page, 'I do not want to choose');
    await says(page, 'You said that you do not want to choose:');
    await press(page, 'Take back what I answered');
    must(!(await text(page)).includes('You said that you do not want to choose: \n'), 'what was taken back stands');
    await fill(page, 'What do you think of it?', 'It is too early');
    await press(page, 'No, I do not want that');
    await says(page, 'Your words: “It is too early”');
    await expand(page, 'Say something about this');
    await press(page, 'Take back what I answered');
    await says(page, 'They ask you');
    must(page.faults.length === 0, page.faults.join('; '));
    await browser.close();
  },

  // A question to everybody: answered, changed, taken back.
  async answered(who, how, question) {
    const { browser, page } = await open({}, how);
    await signIn(page, who);
    await follow(page, 'question is put to you');
    await click(page, page.getByRole('link', { name: question }).first());
    await says(page, 'You can answer until');
    await check(page, 'Evenings');
    await fill(page, 'What else do you want to say?', 'Mornings are for sleep');
    await press(page, 'Answer');
    await says(page, 'You have answered.');
    must(await page.getByLabel('Evenings').isChecked(), 'another answer stands');
    await press(page, 'Take my answer back');
    await says(page, 'You can answer until');
    must(page.faults.length === 0, page.faults.join('; '));
    await browser.close();
  },
};
