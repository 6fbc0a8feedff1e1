// A task as for graphile-worker: a batch, of which one item fails.
module.exports = async (images, { logger }) => {
  logger.info(`${images.length} images`);
  return images.map(async (image) => {
    if (image === 'broken.png') throw new Error('not an image');
  });
};
