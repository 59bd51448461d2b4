/** Checkpoints in S3, or in what speaks its protocol. */
@NullMarked
package dev.watershed.s3;

import org.jspecify.annotations.NullMarked;
