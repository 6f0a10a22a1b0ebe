/** TornadoVM's public API, the part this project uses: same names, same descriptors, run by {@code sala.tornado.interpreter}. */
@NullMarked
package uk.ac.manchester.tornado.api;

import org.jspecify.annotations.NullMarked;
