// A module of its own: from a bundle, a CommonJS package that is imported on demand comes without its names.
export { parse, stringify } from 'yaml'
