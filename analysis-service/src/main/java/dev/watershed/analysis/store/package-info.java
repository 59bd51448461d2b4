/** Studies, their points and their reports in a database; PostgreSQL or H2. */
@NullMarked
package dev.watershed.analysis.store;

import org.jspecify.annotations.NullMarked;
