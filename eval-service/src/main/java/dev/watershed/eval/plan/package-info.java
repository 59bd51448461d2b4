/** What there is to evaluate: points and the keys under which they are known. Pure arithmetic. */
@NullMarked
package dev.watershed.eval.plan;

import org.jspecify.annotations.NullMarked;
