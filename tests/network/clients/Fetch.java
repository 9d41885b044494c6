/** Fetch URL CAFILE: the resolver and the sockets of a Java machine. */
import java.io.FileInputStream;
import java.io.InputStream;
import java.net.URL;
import java.net.URLConnection;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

public class Fetch {
    public static void main(String[] words) throws Exception {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null);
        try (InputStream file = new FileInputStream(words[1])) {
            store.setCertificateEntry("ca",
                CertificateFactory.getInstance("X.509").generateCertificate(file));
        }
        TrustManagerFactory trust =
            TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        URLConnection connection = new URL(words[0]).openConnection();
        connection.setConnectTimeout(20000);
        connection.setReadTimeout(20000);
        ((HttpsURLConnection) connection).setSSLSocketFactory(context.getSocketFactory());
        try (InputStream answer = connection.getInputStream()) {
            answer.transferTo(System.out);
        }
    }
}
