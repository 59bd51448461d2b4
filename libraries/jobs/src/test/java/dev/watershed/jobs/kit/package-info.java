/** Databases and doubles for the tests of whoever has jobs. */
package dev.watershed.jobs.kit;
