import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

/** The browser of the page's tests: Debian's Chromium, or the one that CHROMIUM_PATH names. */
const executablePath = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
const missing = !existsSync(executablePath);
const HOW = 'install it with "apt-get install chromium", or set CHROMIUM_PATH to a Chromium or Chrome';
if (missing) console.warn(`Browser tests are skipped: there is no ${executablePath}; ${HOW}.`);

/** Whether there is none, and the tests are skipped. */
export const withoutChromium = missing;
/** Name of a group of tests that says so. */
export const IN_CHROMIUM = missing ? `in Chromium (SKIPPED: no ${executablePath}; ${HOW})` : 'in Chromium';

const ARGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export const openChromium = (): Promise<Browser> => chromium.launch({ executablePath, args: ARGS });
