import { parentPort, workerData } from 'node:worker_threads';
import { priceCells } from '../price-cells.ts';
import { type FromPricing, type PricingShare, pointsIn } from './pricing.ts';

/** A thread that prices some points, and ends. */

const port = parentPort;
if (port === null) throw new Error('pricing-worker.ts is the program of a worker thread');
const say = (message: FromPricing): void => port.postMessage(message);
const { tally, summary, system, paths, values } = workerData as PricingShare;
const progress = (rows: number): void => say({ rows });
say({ block: await priceCells(tally, summary, system, pointsIn(paths, values), { progress }) });
