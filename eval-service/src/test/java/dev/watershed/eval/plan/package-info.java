@NullMarked
package dev.watershed.eval.plan;

import org.jspecify.annotations.NullMarked;
