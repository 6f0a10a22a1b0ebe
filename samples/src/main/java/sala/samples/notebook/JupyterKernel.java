package sala.samples.notebook;

import io.github.spencerpark.jupyter.channels.JupyterConnection;
import io.github.spencerpark.jupyter.kernel.BaseKernel;
import io.github.spencerpark.jupyter.kernel.KernelConnectionProperties;
import io.github.spencerpark.jupyter.kernel.LanguageInfo;
import io.github.spencerpark.jupyter.kernel.display.DisplayData;
import io.github.spencerpark.jupyter.kernel.display.mime.MIMEType;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import sala.samples.notebook.CellOutput.Result;

/**
 * A Java kernel for Jupyter: cells run as those of a lesson do, by {@link CellRunner}, so a notebook shows in Jupyter what
 * it shows in the repository. {@code ./sala jupyter} starts Jupyter with it.
 */
public final class JupyterKernel extends BaseKernel {
    private static final LanguageInfo LANGUAGE = new LanguageInfo.Builder("java")
            .version(Runtime.version().toString())
            .mimetype("text/x-java-source")
            .fileExtension(".java")
            .codemirror("text/x-java")
            .build();

    private final CellRunner runner;

    JupyterKernel(String classPath) {
        // What a cell prints goes to the notebook while it runs: the connection has put its own stream behind getIO().
        OutputStream echo = new OutputStream() {
            @Override
            public void write(int value) {
                getIO().out.write(value);
            }

            @Override
            public void write(byte[] bytes, int offset, int length) {
                getIO().out.write(bytes, offset, length);
            }

            @Override
            public void flush() {
                getIO().out.flush();
            }
        };
        runner = new CellRunner("cell", classPath, echo);
    }

    /**
     * Serves one notebook until it is shut down.
     *
     * @param arguments the connection file, which Jupyter names
     */
    public static void main(String[] arguments) throws Exception {
        KernelConnectionProperties properties =
                KernelConnectionProperties.parse(Files.readString(Path.of(arguments[0])));
        JupyterConnection connection = new JupyterConnection(properties);
        JupyterKernel kernel = new JupyterKernel(System.getProperty("java.class.path"));
        kernel.becomeHandlerForConnection(connection);
        connection.connect();
        connection.waitUntilClose();
    }

    /** Runs a cell; null where it gives nothing, as the library wants it. */
    @Override
    @SuppressWarnings("NullAway")
    public DisplayData eval(String source) {
        return runner.run(new Cell.Code(source, 1, false))
                .result()
                .map(JupyterKernel::display)
                .orElse(null);
    }

    private static DisplayData display(Result result) {
        return switch (result) {
            case Result.Value value -> new DisplayData(value.text());
            case Result.Picture picture -> {
                DisplayData data = new DisplayData("picture of %d x %d".formatted(picture.width(), picture.height()));
                data.putData(MIMEType.IMAGE_PNG, Base64.getEncoder().encodeToString(picture.png()));
                yield data;
            }
        };
    }

    @Override
    public List<String> formatError(Exception e) {
        return List.of(String.valueOf(e.getMessage()));
    }

    @Override
    public LanguageInfo getLanguageInfo() {
        return LANGUAGE;
    }

    @Override
    public void onShutdown(boolean isRestarting) {
        runner.close();
    }
}
