'use strict';

// LEASEHOLD_SERVER from the environment, or 127.0.0.1:7411.
function defaultAddress() {
  return process.env.LEASEHOLD_SERVER || '127.0.0.1:7411';
}

// Several are separated by commas or blanks, or come as an array.
function splitAddresses(address) {
  const given = address ?? defaultAddress();
  const list = Array.isArray(given) ? given : String(given).split(/[, ]+/);
  const addresses = list.filter((one) => one !== '');
  if (addresses.length === 0) {
    throw new TypeError('address names no server: give one as host:port');
  }
  return addresses;
}

module.exports = { defaultAddress, splitAddresses };
