/** What is made for other machines: container images, and manifests for Kubernetes. */
@NullMarked
package dev.watershed.deploy;

import org.jspecify.annotations.NullMarked;
