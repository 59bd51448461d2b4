/** The miniature experiment from seeds to basins, and the margins that it must reach. */
@NullMarked
package dev.watershed.standalone.quickstart;

import org.jspecify.annotations.NullMarked;
