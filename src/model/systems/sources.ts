/*
 * Sources that several fields of a system have in common. How each number is known is said once more beside it, where
 * it was worked out from what is printed.
 */

export const TABLE_2 = 'Disco, SOSP’97, Table 2';
export const DISCO_5_1 = 'Disco, SOSP’97, section 5.1';
export const GUESS = 'no published figure';
