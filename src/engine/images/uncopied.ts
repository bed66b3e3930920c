/** Why an image is not copied. */
export class UncopiedImage extends Error {
  override readonly name = 'UncopiedImage';
}
