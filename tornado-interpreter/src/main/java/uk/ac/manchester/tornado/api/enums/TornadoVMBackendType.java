package uk.ac.manchester.tornado.api.enums;

/** What a kernel is translated to. The interpreter is {@link #JAVA}. */
public enum TornadoVMBackendType {
    OPENCL,
    METAL,
    PTX,
    CUDA,
    SPIRV,
    JAVA,
    VIRTUAL
}
