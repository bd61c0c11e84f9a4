/** Linear algebra of a window: how cycles answer to each other and to prices. */

/**
 * (I − J)⁻¹ of an n × n matrix by rows, by elimination with pivots; null: there is none.
 */
export function inverseOfRest(jacobian: Float64Array, n: number): Float64Array | null {
  const left = jacobian.map((value, i) => (i % (n + 1) === 0 ? 1 : 0) - value);
  const right = left.map((_, i) => (i % (n + 1) === 0 ? 1 : 0));
  for (let column = 0; column < n; column++) {
    let pivot = column;
    for (let row = column + 1; row < n; row++)
      if (Math.abs(left[row * n + column]!) > Math.abs(left[pivot * n + column]!)) pivot = row;
    if (!(Math.abs(left[pivot * n + column]!) > 1e-6)) return null;
    for (let k = 0; k < n; k++)
      for (const matrix of [left, right]) {
        const other = matrix[pivot * n + k]!;
        matrix[pivot * n + k] = matrix[column * n + k]!;
        matrix[column * n + k] = other;
      }
    const scale = 1 / left[column * n + column]!;
    for (let k = 0; k < n; k++) {
      left[column * n + k]! *= scale;
      right[column * n + k]! *= scale;
    }
    for (let row = 0; row < n; row++) {
      const times = left[row * n + column]!;
      if (row === column || times === 0) continue;
      for (let k = 0; k < n; k++) {
        left[row * n + k]! -= times * left[column * n + k]!;
        right[row * n + k]! -= times * right[column * n + k]!;
      }
    }
  }
  return right;
}
