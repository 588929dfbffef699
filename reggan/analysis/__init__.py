"""What is known of a picture: its faces, what RegGAN has done to them, and how they were before."""
