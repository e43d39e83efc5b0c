// Drives the web pages in a real browser: `node pages.mjs <address> <journey> [arguments]`. Says what went wrong, and then fails.
import inspected from './inspected.mjs';
import private_ from './private.mjs';
import record from './record.mjs';
import sharing from './sharing.mjs';
import { given, journey } from './steps.mjs';
import talks from './talks.mjs';

const journeys = { ...inspected, ...private_, ...record, ...sharing, ...talks };
await journeys[journey](...given);
