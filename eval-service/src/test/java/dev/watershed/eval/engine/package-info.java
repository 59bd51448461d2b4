@NullMarked
package dev.watershed.eval.engine;

import org.jspecify.annotations.NullMarked;
